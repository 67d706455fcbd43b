INSERT INTO gateway (community_id, id) VALUES (%(community)s, %(gateway)s) ON CONFLICT DO NOTHING;
