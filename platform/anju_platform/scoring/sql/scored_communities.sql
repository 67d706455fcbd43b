SELECT DISTINCT asset.community_id
FROM prediction
JOIN asset ON asset.id = prediction.asset_id
WHERE prediction.as_of = %(as_of)s
