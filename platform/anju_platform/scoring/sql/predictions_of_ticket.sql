SELECT p.id, a.key AS asset, a.kind, p.component, p.as_of, p.expected_at, p.model_id, p.p_24h, p.p_72h, p.p_7d, p.p_30d, p.low,
       p.high, p.reasons, p.ticket_id
FROM prediction AS p
JOIN asset AS a ON a.id = p.asset_id
WHERE p.ticket_id = %(ticket_id)s::bigint
ORDER BY p.as_of, p.id
