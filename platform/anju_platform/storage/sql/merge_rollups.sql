INSERT INTO rollup_hour (point_id, hour, n, sum, min, max, first, last)
SELECT point_id, hour, n, sum, min, max, first, last FROM staged_rollup ORDER BY point_id, hour
ON CONFLICT (point_id, hour) DO UPDATE SET
    n = excluded.n,
    sum = excluded.sum,
    min = excluded.min,
    max = excluded.max,
    first = excluded.first,
    last = excluded.last
WHERE (rollup_hour.n, rollup_hour.sum, rollup_hour.min, rollup_hour.max, rollup_hour.first, rollup_hour.last)
    IS DISTINCT FROM (excluded.n, excluded.sum, excluded.min, excluded.max, excluded.first, excluded.last);
