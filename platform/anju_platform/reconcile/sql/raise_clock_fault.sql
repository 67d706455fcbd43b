INSERT INTO gateway_fault (community_id, gateway_id, code, raised_at, amount)
VALUES (%(community)s, %(gateway)s, 'clock_wrong', %(at)s, %(offset_s)s)
ON CONFLICT DO NOTHING;
