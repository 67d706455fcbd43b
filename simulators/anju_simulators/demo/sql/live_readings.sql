-- What is stored of the live span, by point and time.
SELECT asset.code AS asset, point.code AS name, (extract(epoch FROM telemetry.at) * 1000000)::bigint AS at_us, telemetry.value
FROM telemetry
JOIN point ON point.id = telemetry.point_id
JOIN asset ON asset.id = point.asset_id
WHERE asset.community_id = %(community)s AND telemetry.at >= %(since)s
ORDER BY asset.code, point.code, telemetry.at
