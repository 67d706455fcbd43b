SELECT t.origin, count(*)
FROM ticket AS t
WHERE t.community_id = %(community)s::text
  AND t.state IN ('new', 'accepted')
GROUP BY t.origin
