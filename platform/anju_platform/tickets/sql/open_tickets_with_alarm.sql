-- Open tickets of an asset that an alarm of this code opened or joined.
SELECT DISTINCT ticket.id
FROM ticket
JOIN ticket_log ON ticket_log.ticket_id = ticket.id
WHERE ticket.asset_id = %(asset_id)s AND ticket.state IN ('new', 'accepted')
  AND ticket_log.detail @> jsonb_build_object(
      'evidence', jsonb_build_object('kind', 'event', 'data', jsonb_build_object('code', %(code)s::text))
  )
ORDER BY ticket.id
