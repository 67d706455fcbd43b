-- The ticket of an asset whose log already holds this piece of evidence, also as a note.
SELECT ticket_log.ticket_id
FROM ticket_log
JOIN ticket ON ticket.id = ticket_log.ticket_id
WHERE ticket.asset_id = %(asset_id)s
  AND ticket_log.detail @> jsonb_build_object(
      'evidence', jsonb_build_object('kind', %(kind)s::text, 'id', %(evidence_id)s::bigint)
  )
LIMIT 1
