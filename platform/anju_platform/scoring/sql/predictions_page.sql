SELECT p.id, a.key AS asset, a.kind, p.component, p.as_of, p.expected_at, p.model_id, p.p_24h, p.p_72h, p.p_7d, p.p_30d, p.low,
       p.high, p.reasons, p.ticket_id
FROM prediction AS p
JOIN asset AS a ON a.id = p.asset_id
WHERE (%(community)s::text IS NULL OR a.community_id = %(community)s::text)
  AND (%(asset)s::text IS NULL OR a.key = %(asset)s::text)
  AND (%(component)s::text IS NULL OR p.component = %(component)s::text)
  AND (%(since)s::timestamptz IS NULL OR p.as_of >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR p.as_of < %(until)s::timestamptz)
  AND (%(after_at)s::timestamptz IS NULL OR (p.as_of, p.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY p.as_of DESC, p.id DESC
LIMIT %(limit)s::int
