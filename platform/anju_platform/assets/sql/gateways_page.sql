SELECT g.community_id AS community, g.id, g.epoch, g.software, g.birth_at, g.state, g.state_at, g.watermark_at,
       g.account, g.account_at
FROM gateway AS g
WHERE (%(community)s::text IS NULL OR g.community_id = %(community)s::text)
  AND (%(after)s::text IS NULL OR g.community_id || '/' || g.id > %(after)s::text)
ORDER BY g.community_id || '/' || g.id
LIMIT %(limit)s::int
