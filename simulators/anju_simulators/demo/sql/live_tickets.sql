-- Tickets that were opened from a moment on.
SELECT ticket.id, asset.code AS asset, ticket.component, ticket.origin, ticket.state, ticket.opened_at,
       ticket.expires_at, ticket.closed_at, ticket.resolved_at, ticket.finding, ticket.title_zh, ticket.title_en
FROM ticket
LEFT JOIN asset ON asset.id = ticket.asset_id
WHERE ticket.community_id = %(community)s AND ticket.opened_at >= %(since)s
ORDER BY ticket.opened_at, ticket.id
