SELECT point.id, point.code, asset.key AS asset_key, asset.kind
FROM point
JOIN asset ON asset.id = point.asset_id
ORDER BY asset.kind, asset.key, point.code
