-- The assets of the community, by kind.
SELECT kind, count(*) AS assets
FROM asset
WHERE community_id = %(community)s
GROUP BY kind
ORDER BY kind
