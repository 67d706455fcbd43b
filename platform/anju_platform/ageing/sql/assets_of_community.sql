SELECT key AS asset_id, kind, model, installed_on
FROM asset
WHERE community_id = %(community)s
ORDER BY key
