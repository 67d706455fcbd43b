SELECT id FROM command WHERE wire_id = %(wire_id)s AND community_id = %(community)s AND gateway_id = %(gateway)s
