-- Alarms raised in a time span and without a ticket: each from its first raise since the last clear (devices repeat
-- themselves) to its clear, where that is known at as_of, with the components repaired on the asset since. One that
-- was cleared before the import of a history ended, or too soon for any ticket, is left out.
SELECT raised.id AS event_id, raised.asset_id, asset.kind AS asset_kind, raised.code, raised.severity, raised.at,
       raised.value, next_clear.at AS cleared_at,
       ARRAY(
           SELECT repair.component FROM repair
           WHERE repair.asset_id = raised.asset_id AND repair.closed_at >= raised.at AND repair.closed_at <= %(as_of)s
       ) AS repaired
FROM event AS raised
JOIN asset ON asset.id = raised.asset_id
JOIN community ON community.id = asset.community_id
CROSS JOIN LATERAL (
    SELECT coalesce(max(cleared.at), '-infinity') AS at FROM event AS cleared
    WHERE cleared.asset_id = raised.asset_id AND cleared.code = raised.code AND cleared.state = 'clear'
      AND cleared.at < raised.at
) AS last_clear
CROSS JOIN LATERAL (
    SELECT min(cleared.at) AS at FROM event AS cleared
    WHERE cleared.asset_id = raised.asset_id AND cleared.code = raised.code AND cleared.state = 'clear'
      AND cleared.at >= raised.at AND cleared.at <= %(as_of)s
) AS next_clear
WHERE raised.state = 'raise' AND raised.at > %(since)s AND raised.at <= %(as_of)s
  AND (
      next_clear.at IS NULL
      OR (next_clear.at >= raised.at + %(least_hold)s AND next_clear.at > coalesce(community.imported_until, '-infinity'))
  )
  AND NOT EXISTS (
      SELECT 1 FROM event AS earlier
      WHERE earlier.asset_id = raised.asset_id AND earlier.code = raised.code AND earlier.state = 'raise'
        AND earlier.at < raised.at AND earlier.at > last_clear.at
  )
  AND NOT EXISTS (
      SELECT 1 FROM ticket JOIN ticket_log ON ticket_log.ticket_id = ticket.id
      WHERE ticket.asset_id = raised.asset_id
        AND ticket_log.detail @> jsonb_build_object(
            'evidence', jsonb_build_object(
                'kind', 'event', 'data', jsonb_build_object('code', raised.code, 'state', 'raise')
            )
        )
        AND (ticket_log.detail #>> '{evidence,at}')::timestamptz > last_clear.at
        AND (ticket_log.detail #>> '{evidence,at}')::timestamptz <= coalesce(next_clear.at, 'infinity')
  )
ORDER BY raised.asset_id, raised.at, raised.id
