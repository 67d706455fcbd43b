-- Tickets as they stood just before as_of: open, or closed within the last 60 days. What was marked a duplicate is
-- told by the ticket it repeats; nobody looked at what lapsed, so it leaves the problem as it was.
SELECT asset.key AS asset_key, ticket.component,
       CASE WHEN coalesce(ticket.resolved_at, ticket.closed_at) <= %(as_of)s
            THEN coalesce(ticket.resolved_at, ticket.closed_at) END AS closed_at,
       EXISTS (
           SELECT 1 FROM prediction
           WHERE prediction.ticket_id = ticket.id AND prediction.as_of < %(as_of)s
       ) AS foreseen
FROM ticket
JOIN asset ON asset.id = ticket.asset_id
WHERE ticket.opened_at < %(as_of)s
  AND (coalesce(ticket.resolved_at, ticket.closed_at) IS NULL
       OR coalesce(ticket.resolved_at, ticket.closed_at) > %(as_of)s - INTERVAL '60 days')
  AND ticket.close_reason IS DISTINCT FROM 'duplicate'
  AND (ticket.close_reason IS DISTINCT FROM 'lapsed' OR ticket.closed_at > %(as_of)s)
