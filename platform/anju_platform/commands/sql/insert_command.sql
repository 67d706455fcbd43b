INSERT INTO command (wire_id, community_id, gateway_id, asset_id, action, params, actor, why, issued_at, expires_at)
VALUES (%(wire_id)s, %(community)s, %(gateway)s, %(asset_id)s, %(action)s, %(params)s, %(actor)s, %(why)s,
        %(issued_at)s, %(expires_at)s)
RETURNING id
