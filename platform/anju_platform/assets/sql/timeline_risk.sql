SELECT p.component, a.kind, p.as_of, p.p_30d, p.low, p.high
FROM prediction AS p
JOIN asset AS a ON a.id = p.asset_id
WHERE p.asset_id = %(asset_id)s::bigint
  AND p.as_of >= %(since)s::timestamptz
  AND p.as_of < %(until)s::timestamptz
ORDER BY p.component, p.as_of
