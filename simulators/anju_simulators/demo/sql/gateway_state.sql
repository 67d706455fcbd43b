-- Whether the community's gateway is online.
SELECT state
FROM gateway
WHERE community_id = %(community)s
