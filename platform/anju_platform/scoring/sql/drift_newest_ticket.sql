-- The newest ticket that a drifted model opened, in whatever state.
SELECT ticket.id
FROM ticket
JOIN ticket_log ON ticket_log.ticket_id = ticket.id AND ticket_log.version = 1
WHERE ticket.community_id = %(community)s
  AND ticket_log.detail @> '{"evidence": {"kind": "model"}}'
ORDER BY ticket.id DESC
LIMIT 1
