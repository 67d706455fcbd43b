WITH newest AS (
    SELECT max(p.as_of) AS as_of
    FROM prediction AS p
    JOIN asset AS a ON a.id = p.asset_id
    WHERE a.community_id = %(community)s::text
),
likeliest AS (
    SELECT DISTINCT ON (p.asset_id) p.*
    FROM prediction AS p
    JOIN asset AS a ON a.id = p.asset_id
    WHERE a.community_id = %(community)s::text
      AND p.as_of = (SELECT as_of FROM newest)
    ORDER BY p.asset_id, p.p_30d DESC
)
SELECT a.key AS asset, a.code, a.kind, coalesce(a.label_zh, a.code) AS label_zh, coalesce(a.label_en, a.code) AS label_en,
       a.location, l.component, l.as_of, l.expected_at, l.p_7d, l.p_30d, l.low, l.high,
       (SELECT t.id FROM ticket AS t
        WHERE t.asset_id = a.id AND t.state IN ('new', 'accepted') AND coalesce(t.component, l.component) = l.component
        ORDER BY t.id DESC LIMIT 1) AS ticket_id
FROM likeliest AS l
JOIN asset AS a ON a.id = l.asset_id
ORDER BY l.p_30d DESC, a.key
LIMIT %(limit)s::int
