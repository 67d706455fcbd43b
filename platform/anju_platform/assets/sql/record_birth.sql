-- A retained birth of long ago comes again with every subscription and changes nothing.
INSERT INTO gateway (community_id, id, epoch, software, birth_at)
VALUES (%(community)s, %(gateway)s, %(epoch)s, %(software)s, %(at)s)
ON CONFLICT (community_id, id) DO UPDATE
SET epoch = excluded.epoch, software = excluded.software, birth_at = excluded.birth_at
WHERE gateway.birth_at IS NULL OR gateway.birth_at < excluded.birth_at;
