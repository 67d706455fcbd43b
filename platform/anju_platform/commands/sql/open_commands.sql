SELECT c.id, c.wire_id, c.community_id, c.gateway_id, a.code AS asset, c.action, c.params, c.issued_at, c.expires_at,
       c.state
FROM command AS c
LEFT JOIN asset AS a ON a.id = c.asset_id
WHERE c.state IN ('asked', 'sent', 'delivered')
ORDER BY c.id
