SELECT name, point.id
FROM unnest(%(names)s::text[]) AS name
JOIN asset ON asset.community_id = %(community)s AND asset.code = split_part(name, '/', 1)
JOIN point ON point.asset_id = asset.id AND point.code = split_part(name, '/', 2);
