-- Alarms without a ticket that were raised in a time span and hold at as_of (the first raise since the last clear, for devices repeat
-- themselves), with the components repaired on the asset since.
SELECT raised.id AS event_id, raised.asset_id, asset.kind AS asset_kind, raised.code, raised.severity, raised.at,
       raised.value,
       ARRAY(
           SELECT repair.component FROM repair
           WHERE repair.asset_id = raised.asset_id AND repair.closed_at >= raised.at AND repair.closed_at <= %(as_of)s
       ) AS repaired
FROM event AS raised
JOIN asset ON asset.id = raised.asset_id
CROSS JOIN LATERAL (
    SELECT coalesce(max(cleared.at), '-infinity') AS at FROM event AS cleared
    WHERE cleared.asset_id = raised.asset_id AND cleared.code = raised.code AND cleared.state = 'clear'
      AND cleared.at <= %(as_of)s
) AS last_clear
WHERE raised.state = 'raise' AND raised.at > %(since)s AND raised.at <= %(as_of)s AND raised.at > last_clear.at
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
  )
ORDER BY raised.asset_id, raised.at, raised.id
