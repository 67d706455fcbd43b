-- The hourly values of some points: a counter's standing at the end of an hour, the mean of anything else. Each point
-- is one row, its hours (microseconds since 2000) and values packed big-endian, 8 bytes each, in the same order.
SELECT rollup_hour.point_id,
       string_agg(timestamptz_send(rollup_hour.hour), ''::bytea) AS hours,
       string_agg(
           float8send(CASE point.kind WHEN 'counter' THEN rollup_hour.last ELSE rollup_hour.sum / rollup_hour.n END),
           ''::bytea
       ) AS values
FROM rollup_hour
JOIN point ON point.id = rollup_hour.point_id
WHERE rollup_hour.point_id = ANY (%(point_ids)s)
  AND rollup_hour.hour >= %(since)s AND rollup_hour.hour < %(until)s AND rollup_hour.n > 0
GROUP BY rollup_hour.point_id
