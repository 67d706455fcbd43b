SELECT a.key AS asset, a.kind, coalesce(a.label_zh, a.code) AS label_zh, coalesce(a.label_en, a.code) AS label_en,
       a.location, w.code, w.raised_at, w.severity, w.text
FROM asset AS a
CROSS JOIN LATERAL (SELECT * FROM open_alarm AS o WHERE o.asset_id = a.id) AS w
WHERE a.community_id = %(community)s::text
  AND (%(asset)s::text IS NULL OR a.key = %(asset)s::text)
ORDER BY array_position(ARRAY['critical', 'major', 'minor', 'info'], w.severity), w.raised_at DESC, a.key
LIMIT %(limit)s::int
