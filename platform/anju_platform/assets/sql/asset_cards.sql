SELECT a.key AS asset, a.code, a.kind, a.model, coalesce(a.label_zh, a.code) AS label_zh,
       coalesce(a.label_en, a.code) AS label_en, a.location,
       p.component, p.p_30d, p.low, p.high,
       (SELECT count(*) FROM open_alarm AS w WHERE w.asset_id = a.id) AS alarms,
       (SELECT count(*) FROM ticket AS t WHERE t.asset_id = a.id AND t.state IN ('new', 'accepted')) AS tickets
FROM asset AS a
LEFT JOIN LATERAL (
    SELECT q.component, q.p_30d, q.low, q.high
    FROM prediction AS q
    WHERE q.asset_id = a.id
    ORDER BY q.as_of DESC, q.p_30d DESC
    LIMIT 1
) AS p ON true
WHERE a.community_id = %(community)s::text
  AND (%(kind)s::text IS NULL OR a.kind = %(kind)s::text)
  AND (%(after)s::text IS NULL OR a.key > %(after)s::text)
ORDER BY a.key
LIMIT %(limit)s::int
