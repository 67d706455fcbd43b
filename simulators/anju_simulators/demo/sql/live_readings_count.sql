-- How many readings of the live span are stored, those apart that the reader of a device makes itself.
SELECT count(*)
FROM telemetry
JOIN point ON point.id = telemetry.point_id
JOIN asset ON asset.id = point.asset_id
WHERE asset.community_id = %(community)s AND telemetry.at >= %(since)s AND point.code <> ALL(%(readers_own)s)
