-- The latest moment that anything of the community bears.
SELECT max(at)
FROM (
    SELECT greatest(state_at, account_at, watermark_at, birth_at) AS at FROM gateway WHERE community_id = %(community)s
    UNION ALL
    SELECT max(ticket_log.at)
    FROM ticket_log JOIN ticket ON ticket.id = ticket_log.ticket_id
    WHERE ticket.community_id = %(community)s
) AS moments
