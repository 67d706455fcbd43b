SELECT t.id, t.opened_at, coalesce(t.resolved_at, t.closed_at) AS ended_at, t.origin, t.state, t.title_zh, t.title_en
FROM ticket AS t
WHERE t.asset_id = %(asset_id)s::bigint
  AND t.opened_at < %(until)s::timestamptz
  AND coalesce(t.resolved_at, t.closed_at, %(until)s::timestamptz) >= %(since)s::timestamptz
ORDER BY t.opened_at DESC
LIMIT %(limit)s::int
