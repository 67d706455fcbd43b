-- Buckets of whole hours from the rollup, and from the readings where they are newer than the point's last rollup.
WITH wanted AS (
    SELECT p.point_id,
           (SELECT max(r.hour) + interval '1 hour' FROM rollup_hour AS r
            WHERE r.point_id = p.point_id AND r.hour < %(until)s::timestamptz) AS rolled_until
    FROM unnest(%(point_ids)s::bigint[]) AS p (point_id)
),
hours AS (
    SELECT r.point_id, r.hour, r.n::float8 AS n, r.sum, r.min, r.max, r.last
    FROM rollup_hour AS r
    WHERE r.point_id = ANY(%(point_ids)s::bigint[])
      AND r.hour >= %(since)s::timestamptz
      AND r.hour < %(until)s::timestamptz
    UNION ALL
    SELECT w.point_id, t.at, 1, t.value, t.value, t.value, t.value
    FROM wanted AS w
    JOIN telemetry AS t ON t.point_id = w.point_id
    WHERE t.at >= greatest(coalesce(w.rolled_until, %(since)s::timestamptz), %(since)s::timestamptz)
      AND t.at < %(until)s::timestamptz
      AND t.quality < 2
)
SELECT h.point_id,
       date_bin(make_interval(secs => %(step_s)s::float8), h.hour, timestamptz '2000-01-03 00:00:00+00') AS bucket,
       sum(h.sum) / nullif(sum(h.n), 0) AS mean, min(h.min) AS low, max(h.max) AS high,
       (array_agg(h.last ORDER BY h.hour DESC))[1] AS last
FROM hours AS h
GROUP BY h.point_id, bucket
ORDER BY h.point_id, bucket
