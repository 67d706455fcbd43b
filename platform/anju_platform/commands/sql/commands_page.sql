SELECT c.id, c.community_id AS community, c.gateway_id AS gateway, a.key AS asset, c.action, c.params, c.actor, c.why,
       c.issued_at, c.expires_at, c.answer,
       CASE WHEN c.state IN ('asked', 'sent', 'delivered') AND c.expires_at <= %(now)s::timestamptz THEN 'expired'
            ELSE c.state END AS state
FROM command AS c
LEFT JOIN asset AS a ON a.id = c.asset_id
WHERE (%(community)s::text IS NULL OR c.community_id = %(community)s::text)
  AND (%(asset)s::text IS NULL OR a.key = %(asset)s::text)
  AND (%(id)s::bigint IS NULL OR c.id = %(id)s::bigint)
  AND (%(since)s::timestamptz IS NULL OR c.issued_at >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR c.issued_at < %(until)s::timestamptz)
  AND (%(after_at)s::timestamptz IS NULL OR (c.issued_at, c.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY c.issued_at DESC, c.id DESC
LIMIT %(limit)s::int
