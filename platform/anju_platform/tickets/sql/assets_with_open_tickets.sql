SELECT DISTINCT asset_id
FROM ticket
WHERE asset_id = ANY (%(asset_ids)s) AND state IN ('new', 'accepted')
