SELECT m.id, m.as_of, m.trained_at, m.role, m.metrics, m.why_not, octet_length(m.artifact) AS artifact_bytes
FROM model AS m
WHERE (%(role)s::text IS NULL OR m.role = %(role)s::text)
  AND (%(after)s::bigint IS NULL OR m.id < %(after)s::bigint)
ORDER BY m.id DESC
LIMIT %(limit)s::int
