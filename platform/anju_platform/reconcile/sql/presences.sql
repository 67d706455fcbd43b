-- A gateway that never told an account is overdue from the moment it was first heard of.
SELECT gateway.community_id AS community, gateway.id AS gateway, gateway.state,
    coalesce(
        (
            SELECT max(received_at) FROM outbox_account AS told
            WHERE told.community_id = gateway.community_id AND told.gateway_id = gateway.id
        ),
        gateway.state_at
    ) AS heard_at
FROM gateway
ORDER BY 1, 2;
