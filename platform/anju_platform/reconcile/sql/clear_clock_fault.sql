UPDATE gateway_fault SET cleared_at = %(at)s
WHERE community_id = %(community)s AND gateway_id = %(gateway)s AND code = 'clock_wrong' AND cleared_at IS NULL;
