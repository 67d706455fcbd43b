-- A ticket that a complaint opened, or that a complaint of before its opening joined, did not come first.
SELECT count(*) AS found,
       count(*) FILTER (WHERE t.origin <> 'complaint' AND (c.first_at IS NULL OR c.first_at > t.opened_at)) AS ahead,
       count(c.first_at) AS complained
FROM ticket AS t
CROSS JOIN LATERAL (SELECT min(c.at) AS first_at FROM complaint AS c WHERE c.ticket_id = t.id) AS c
WHERE t.community_id = %(community)s::text
  AND t.finding IN ('confirmed', 'worn', 'other_fault')
  AND t.resolved_at >= %(since)s::timestamptz
