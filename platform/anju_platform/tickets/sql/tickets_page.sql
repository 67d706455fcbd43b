SELECT t.id, t.community_id AS community, a.key AS asset, a.kind, coalesce(a.label_zh, a.code) AS asset_zh,
       coalesce(a.label_en, a.code) AS asset_en, a.location, p.p_30d AS probability, p.expected_at, t.component, t.origin, t.state, t.priority,
       t.title_zh, t.title_en, t.opened_at, t.expires_at, t.accepted_at, t.assignee, t.resolved_at, t.finding,
       t.closed_at, t.close_reason, t.previous_id, t.version
FROM ticket AS t
LEFT JOIN asset AS a ON a.id = t.asset_id
LEFT JOIN LATERAL (
    SELECT q.p_30d, q.expected_at FROM prediction AS q WHERE q.ticket_id = t.id ORDER BY q.as_of DESC, q.id DESC LIMIT 1
) AS p ON true
WHERE (%(community)s::text IS NULL OR t.community_id = %(community)s::text)
  AND (%(asset)s::text IS NULL OR a.key = %(asset)s::text)
  AND (%(id)s::bigint IS NULL OR t.id = %(id)s::bigint)
  AND (%(states)s::text[] IS NULL OR t.state = ANY(%(states)s::text[]))
  AND (%(origins)s::text[] IS NULL OR t.origin = ANY(%(origins)s::text[]))
  AND (%(after_at)s::timestamptz IS NULL OR (t.opened_at, t.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY t.opened_at DESC, t.id DESC
LIMIT %(limit)s::int
