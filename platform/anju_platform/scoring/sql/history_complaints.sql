SELECT asset.key AS asset_id, complaint.at AS ts, complaint.category
FROM complaint
JOIN asset ON asset.id = complaint.asset_id
WHERE complaint.at >= %(since)s AND complaint.at < %(until)s
ORDER BY complaint.at, complaint.id
