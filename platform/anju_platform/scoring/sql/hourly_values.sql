-- One value an hour for each of some points: a counter's standing at its end, the mean of anything else.
SELECT rollup_hour.point_id,
       (extract(epoch FROM rollup_hour.hour) / 3600)::integer AS hour,
       CASE point.kind WHEN 'counter' THEN rollup_hour.last ELSE rollup_hour.sum / rollup_hour.n END AS value
FROM rollup_hour
JOIN point ON point.id = rollup_hour.point_id
WHERE rollup_hour.point_id = ANY (%(point_ids)s)
  AND rollup_hour.hour >= %(since)s AND rollup_hour.hour < %(until)s AND rollup_hour.n > 0
