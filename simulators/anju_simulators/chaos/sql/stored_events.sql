-- Every event of the community.
SELECT asset.code AS asset, event.code AS name, (extract(epoch FROM event.at) * 1000000)::bigint AS at_us, event.state
FROM event
JOIN asset ON asset.id = event.asset_id
WHERE asset.community_id = %(community)s
