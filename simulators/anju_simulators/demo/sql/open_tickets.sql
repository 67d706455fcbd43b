-- Open tickets by origin.
SELECT origin, count(*) AS tickets
FROM ticket
WHERE community_id = %(community)s AND state IN ('new', 'accepted')
GROUP BY origin
