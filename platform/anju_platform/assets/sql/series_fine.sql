-- Buckets shorter than an hour, from the readings themselves.
SELECT t.point_id,
       date_bin(make_interval(secs => %(step_s)s::float8), t.at, timestamptz '2000-01-03 00:00:00+00') AS bucket,
       avg(t.value) AS mean, min(t.value) AS low, max(t.value) AS high,
       (array_agg(t.value ORDER BY t.at DESC))[1] AS last
FROM telemetry AS t
WHERE t.point_id = ANY(%(point_ids)s::bigint[])
  AND t.at >= %(since)s::timestamptz
  AND t.at < %(until)s::timestamptz
  AND t.quality < 2
GROUP BY t.point_id, bucket
ORDER BY t.point_id, bucket
