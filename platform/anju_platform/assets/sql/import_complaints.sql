INSERT INTO complaint (community_id, asset_id, at, category, request_id, channel)
SELECT %(community)s, item.*, 'import'
FROM unnest(%(asset_ids)s::bigint[], %(ts)s::timestamptz[], %(category)s::text[], %(request_ids)s::text[]) AS item
ON CONFLICT DO NOTHING;
