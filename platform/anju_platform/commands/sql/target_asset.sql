SELECT community_id, gateway_id, id AS asset_id, key AS asset
FROM asset
WHERE key = %(key)s
