-- How many readings of the live span are stored.
SELECT count(*)
FROM telemetry
JOIN point ON point.id = telemetry.point_id
JOIN asset ON asset.id = point.asset_id
WHERE asset.community_id = %(community)s AND telemetry.at >= %(since)s
