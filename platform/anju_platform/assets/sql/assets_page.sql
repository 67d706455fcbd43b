SELECT a.id, a.key, a.community_id AS community, a.code, a.kind, a.model, a.label_zh, a.label_en, a.location, a.installed_on,
       a.gateway_id AS gateway, a.attributes
FROM asset AS a
WHERE (%(community)s::text IS NULL OR a.community_id = %(community)s::text)
  AND (%(kind)s::text IS NULL OR a.kind = %(kind)s::text)
  AND (%(key)s::text IS NULL OR a.key = %(key)s::text)
  AND (%(after)s::text IS NULL OR a.key > %(after)s::text)
ORDER BY a.key
LIMIT %(limit)s::int
