SELECT community_id, kind, id AS asset_id, key AS asset_key,
       coalesce(label_zh, code) AS label_zh, coalesce(label_en, label_zh, code) AS label_en
FROM asset
WHERE id = %(asset_id)s
