SELECT c.state, c.community_id, (SELECT key FROM asset WHERE id = c.asset_id) AS asset
FROM command AS c
WHERE c.id = %(id)s
FOR UPDATE
