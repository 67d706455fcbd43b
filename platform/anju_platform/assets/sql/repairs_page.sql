SELECT r.id, a.key AS asset, a.kind, r.opened_at, r.closed_at, r.component, r.action, r.cause, r.fault_code,
       r.fault_found, r.ticket_id
FROM repair AS r
JOIN asset AS a ON a.id = r.asset_id
WHERE a.key = %(asset)s::text
  AND (%(since)s::timestamptz IS NULL OR r.opened_at >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR r.opened_at < %(until)s::timestamptz)
  AND (%(after_at)s::timestamptz IS NULL OR (r.opened_at, r.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY r.opened_at DESC, r.id DESC
LIMIT %(limit)s::int
