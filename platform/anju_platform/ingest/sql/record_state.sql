-- The will of a session that is over by now carries its beginning, so it can't outdate the next session.
UPDATE gateway SET state = %(state)s, state_at = %(at)s
WHERE community_id = %(community)s AND id = %(gateway)s
    AND (state_at IS NULL OR %(at)s > state_at OR (%(at)s = state_at AND %(state)s <> 'online'))
RETURNING state;
