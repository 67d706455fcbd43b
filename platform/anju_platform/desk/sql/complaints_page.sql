SELECT c.id, c.community_id AS community, a.key AS asset, coalesce(a.label_zh, a.code) AS asset_zh,
       coalesce(a.label_en, a.code) AS asset_en, c.at, c.category, c.text, c.channel, c.ticket_id
FROM complaint AS c
LEFT JOIN asset AS a ON a.id = c.asset_id
WHERE (%(community)s::text IS NULL OR c.community_id = %(community)s::text)
  AND (%(asset)s::text IS NULL OR a.key = %(asset)s::text)
  AND (%(id)s::bigint IS NULL OR c.id = %(id)s::bigint)
  AND (%(ticket_id)s::bigint IS NULL OR c.ticket_id = %(ticket_id)s::bigint)
  AND (%(since)s::timestamptz IS NULL OR c.at >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR c.at < %(until)s::timestamptz)
  AND (%(after_at)s::timestamptz IS NULL OR (c.at, c.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY c.at DESC, c.id DESC
LIMIT %(limit)s::int
