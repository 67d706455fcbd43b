SELECT id AS community_id, 'community' AS kind, label_zh, label_en
FROM community
WHERE id = %(community_id)s
