-- How many of them there are.
SELECT count(*)
FROM telemetry
JOIN point ON point.id = telemetry.point_id
JOIN asset ON asset.id = point.asset_id
WHERE asset.community_id = %(community)s AND point.code <> ALL(%(readers_own)s)
