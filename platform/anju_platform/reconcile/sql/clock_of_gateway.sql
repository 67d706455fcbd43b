SELECT offset_s, told_offset_s, is_wrong, measured_at
FROM gateway_clock
WHERE community_id = %(community)s AND gateway_id = %(gateway)s;
