SELECT prediction.id, prediction.asset_id
FROM prediction
JOIN asset ON asset.id = prediction.asset_id
WHERE asset.key = %(asset_key)s AND prediction.component = %(component)s AND prediction.as_of = %(as_of)s
