SELECT r.point_id, r.hour AS at, r.n, r.sum / nullif(r.n, 0) AS mean, r.min, r.max, r.first, r.last
FROM rollup_hour AS r
WHERE r.point_id = ANY(%(point_ids)s::bigint[])
  AND r.hour >= %(since)s::timestamptz
  AND r.hour < %(until)s::timestamptz
  AND (%(after_at)s::timestamptz IS NULL
       OR (r.hour, r.point_id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY r.hour DESC, r.point_id DESC
LIMIT %(limit)s::int
