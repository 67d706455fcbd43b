SELECT key, code, kind, label_zh, label_en, location
FROM asset
WHERE community_id = %(community)s
