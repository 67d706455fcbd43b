-- What is stored of the points that devices report, those apart that the reader of a device makes itself.
SELECT asset.code AS asset, point.code AS name, (extract(epoch FROM telemetry.at) * 1000000)::bigint AS at_us, telemetry.value
FROM telemetry
JOIN point ON point.id = telemetry.point_id
JOIN asset ON asset.id = point.asset_id
WHERE asset.community_id = %(community)s AND point.code <> ALL(%(readers_own)s)
