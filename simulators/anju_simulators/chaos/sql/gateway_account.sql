-- What the gateway said last of what it took.
SELECT state, account
FROM gateway
WHERE community_id = %(community)s
