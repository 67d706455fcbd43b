SELECT community_id, id AS gateway_id
FROM gateway
WHERE community_id = %(community)s AND id = %(gateway)s
