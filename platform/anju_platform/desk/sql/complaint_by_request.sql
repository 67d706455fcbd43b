SELECT id, community_id, asset_id, at, category, text, channel, ticket_id, request_id
FROM complaint
WHERE request_id = %(request_id)s
