SELECT asset.code, point.code, point.id
FROM asset JOIN point ON point.asset_id = asset.id
WHERE asset.community_id = %(community)s;
