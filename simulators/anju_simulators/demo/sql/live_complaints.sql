-- Complaints of the live span about an asset.
SELECT asset.code AS asset, complaint.at, complaint.category, complaint.ticket_id
FROM complaint
JOIN asset ON asset.id = complaint.asset_id
WHERE complaint.community_id = %(community)s AND complaint.at >= %(since)s
ORDER BY complaint.at
