INSERT INTO repair (
    asset_id, opened_at, closed_at, component, action, cause, fault_code, fault_found, ticket_id
) VALUES (
    %(asset_id)s, %(opened_at)s, %(closed_at)s, %(component)s, %(action)s, %(cause)s, %(fault_code)s, %(fault_found)s,
    %(ticket_id)s
)
ON CONFLICT (asset_id, opened_at, component, action) DO UPDATE
SET closed_at = excluded.closed_at, cause = excluded.cause, fault_code = excluded.fault_code,
    fault_found = excluded.fault_found, ticket_id = excluded.ticket_id
