-- From samples whose quality is not bad; sums in the order of time, so that they come out the same to the bit.
INSERT INTO rollup_hour (point_id, hour, n, sum, min, max, first, last)
SELECT
    point_id,
    hour,
    count(*),
    sum(value ORDER BY at),
    min(value),
    max(value),
    (array_agg(value ORDER BY at))[1],
    (array_agg(value ORDER BY at))[count(*)]
FROM (
    SELECT
        telemetry.point_id,
        date_bin('1 hour', telemetry.at, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS hour,
        telemetry.at,
        telemetry.value
    FROM asset
    JOIN point ON point.asset_id = asset.id
    JOIN telemetry ON telemetry.point_id = point.id
    WHERE asset.community_id = %(community)s
        AND telemetry.at >= %(since)s
        AND telemetry.at < %(until)s
        AND telemetry.quality < 2
) AS usable
GROUP BY point_id, hour
ON CONFLICT (point_id, hour) DO UPDATE SET
    n = excluded.n,
    sum = excluded.sum,
    min = excluded.min,
    max = excluded.max,
    first = excluded.first,
    last = excluded.last
WHERE (rollup_hour.n, rollup_hour.sum, rollup_hour.min, rollup_hour.max, rollup_hour.first, rollup_hour.last)
    IS DISTINCT FROM (excluded.n, excluded.sum, excluded.min, excluded.max, excluded.first, excluded.last);
