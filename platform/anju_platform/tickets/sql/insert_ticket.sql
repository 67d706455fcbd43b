INSERT INTO ticket (
       id, community_id, asset_id, component, origin, state, priority, title_zh, title_en, opened_at, version,
       expires_at, accepted_at, assignee, resolved_at, finding, closed_at, close_reason, previous_id
) OVERRIDING SYSTEM VALUE VALUES (
    %(id)s, %(community_id)s, %(asset_id)s, %(component)s, %(origin)s, %(state)s, %(priority)s, %(title_zh)s,
    %(title_en)s, %(opened_at)s, %(version)s, %(expires_at)s, %(accepted_at)s, %(assignee)s, %(resolved_at)s,
    %(finding)s, %(closed_at)s, %(close_reason)s, %(previous_id)s
)
