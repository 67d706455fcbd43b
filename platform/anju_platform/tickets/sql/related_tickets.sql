-- The tickets of an asset that new evidence may belong to: open ones, and those resolved since.
SELECT id, community_id, asset_id, component, origin, state, priority, title_zh, title_en, opened_at, version,
       expires_at, accepted_at, assignee, resolved_at, finding, closed_at, close_reason, previous_id
FROM ticket
WHERE asset_id = %(asset_id)s AND (state IN ('new', 'accepted') OR resolved_at >= %(resolved_since)s)
ORDER BY id
