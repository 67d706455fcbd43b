SELECT id, topic, payload FROM dead_letter
WHERE community_id = %(community)s AND gateway_id = %(gateway)s AND reason = 'future' AND replayed_at IS NULL
    AND id > %(after)s
ORDER BY id
LIMIT %(limit)s;
