UPDATE ticket
SET opened_at = %(opened_at)s, component = %(component)s, state = %(state)s, priority = %(priority)s, title_zh = %(title_zh)s,
    title_en = %(title_en)s, expires_at = %(expires_at)s, accepted_at = %(accepted_at)s, assignee = %(assignee)s,
    resolved_at = %(resolved_at)s, finding = %(finding)s, closed_at = %(closed_at)s,
    close_reason = %(close_reason)s, version = %(version)s
WHERE id = %(id)s AND version = %(expected_version)s
