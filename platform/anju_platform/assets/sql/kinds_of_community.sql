SELECT a.kind, count(*) AS total, count(*) FILTER (WHERE o.alarmed) AS alarmed,
       count(*) FILTER (WHERE k.ticketed) AS ticketed,
       count(*) FILTER (WHERE NOT (o.alarmed OR k.ticketed)) AS calm
FROM asset AS a
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM open_alarm AS w WHERE w.asset_id = a.id) AS alarmed) AS o
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM ticket AS t WHERE t.asset_id = a.id AND t.state IN ('new', 'accepted')) AS ticketed
) AS k
WHERE a.community_id = %(community)s::text
GROUP BY a.kind
ORDER BY a.kind
