-- Repairs are few and their effect is long: all of them.
SELECT asset.key AS asset_id, repair.opened_at, repair.closed_at, repair.component, repair.action, repair.cause,
       repair.fault_code, repair.fault_found
FROM repair
JOIN asset ON asset.id = repair.asset_id
WHERE repair.opened_at < %(until)s
ORDER BY repair.opened_at, repair.id
