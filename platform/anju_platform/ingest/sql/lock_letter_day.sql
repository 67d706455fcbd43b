-- How many bytes are kept already; whoever else writes letters of this gateway waits until the commit.
INSERT INTO dead_letter_day AS known (community_id, gateway_id, day)
VALUES (%(community)s, %(gateway)s, %(day)s)
ON CONFLICT (community_id, gateway_id, day) DO UPDATE SET letters = known.letters
RETURNING bytes;
