SELECT asset.key AS asset_id, event.at AS ts, event.code, event.severity, event.state
FROM event
JOIN asset ON asset.id = event.asset_id
WHERE event.at >= %(since)s AND event.at < %(until)s
ORDER BY event.at, event.id
