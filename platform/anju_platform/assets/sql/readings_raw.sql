SELECT t.point_id, t.at, t.value, t.quality
FROM telemetry AS t
WHERE t.point_id = ANY(%(point_ids)s::bigint[])
  AND t.at >= %(since)s::timestamptz
  AND t.at < %(until)s::timestamptz
  AND (%(after_at)s::timestamptz IS NULL
       OR (t.at, t.point_id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY t.at DESC, t.point_id DESC
LIMIT %(limit)s::int
