SELECT
    c.id,
    c.label_zh,
    c.label_en,
    c.timezone,
    (SELECT max(l.at) FROM latest AS l JOIN point AS p ON p.id = l.point_id JOIN asset AS a ON a.id = p.asset_id
     WHERE a.community_id = c.id) AS data_until,
    (SELECT count(*) FROM asset AS a WHERE a.community_id = c.id) AS assets,
    (SELECT count(*) FROM ticket AS t WHERE t.community_id = c.id AND t.state IN ('new', 'accepted')) AS open_tickets,
    (SELECT count(*) FROM gateway AS g WHERE g.community_id = c.id) AS gateways,
    (SELECT count(*) FROM gateway AS g WHERE g.community_id = c.id AND g.state = 'online') AS gateways_online
FROM community AS c
WHERE (%(id)s::text IS NULL OR c.id = %(id)s::text)
  AND (%(after)s::text IS NULL OR c.id > %(after)s::text)
ORDER BY c.id
LIMIT %(limit)s::int
