SELECT asset.key AS asset_id, repair.opened_at, repair.closed_at, repair.component, repair.action, repair.cause,
       repair.fault_code, repair.fault_found
FROM repair
JOIN asset ON asset.id = repair.asset_id
WHERE asset.community_id = %(community)s AND repair.opened_at < %(as_of)s
ORDER BY repair.opened_at, repair.id
