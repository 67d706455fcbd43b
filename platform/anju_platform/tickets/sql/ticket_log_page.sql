SELECT l.version, l.at, l.actor, l.action, l.detail
FROM ticket_log AS l
WHERE l.ticket_id = %(ticket_id)s::bigint
ORDER BY l.version
