-- Of the assets of a gateway that its newest birth does not speak of; one without points counts as one.
SELECT count(*)
FROM asset LEFT JOIN point ON point.asset_id = asset.id
WHERE asset.community_id = %(community)s AND asset.gateway_id = %(gateway)s AND asset.code <> ALL (%(assets)s::text[]);
