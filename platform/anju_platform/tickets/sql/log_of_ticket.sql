SELECT version, at, actor, action, detail
FROM ticket_log
WHERE ticket_id = %(ticket_id)s
ORDER BY version
