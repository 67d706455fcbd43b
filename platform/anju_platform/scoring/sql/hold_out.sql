UPDATE prediction
SET held_out = true
FROM asset
WHERE asset.key = %(asset_key)s AND prediction.asset_id = asset.id AND prediction.component = %(component)s
  AND prediction.as_of = %(as_of)s;
