SELECT d.id, d.received_at, d.topic, d.community_id AS community, d.gateway_id AS gateway, d.reason, d.detail,
       d.payload, d.names, d.taken_at, d.replayed_at
FROM dead_letter AS d
WHERE (%(community)s::text IS NULL OR d.community_id = %(community)s::text)
  AND (%(reason)s::text IS NULL OR d.reason = %(reason)s::text)
  AND (%(after)s::bigint IS NULL OR d.id < %(after)s::bigint)
ORDER BY d.id DESC
LIMIT %(limit)s::int
