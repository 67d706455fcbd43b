SELECT key AS asset_id, kind, model, installed_on, attributes
FROM asset
ORDER BY key
