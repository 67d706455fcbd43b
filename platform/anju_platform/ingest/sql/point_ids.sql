SELECT asset.community_id, asset.code || '/' || point.code, point.id
FROM asset JOIN point ON point.asset_id = asset.id
WHERE %(communities)s::text[] IS NULL OR asset.community_id = ANY (%(communities)s::text[]);
