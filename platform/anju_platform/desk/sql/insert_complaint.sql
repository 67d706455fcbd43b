-- Nothing where the request was taken before.
INSERT INTO complaint (community_id, asset_id, at, category, text, channel, request_id)
VALUES (%(community_id)s, %(asset_id)s, %(at)s, %(category)s, %(text)s, %(channel)s, %(request_id)s)
ON CONFLICT (request_id) DO NOTHING
RETURNING id
