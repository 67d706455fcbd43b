-- Points of assets that a newer birth has spoken of keep what that said.
INSERT INTO point (asset_id, code, unit, kind, label_zh, label_en)
SELECT asset.id, item.code, coalesce(item.unit, '1'), coalesce(item.kind, 'gauge'), item.label_zh, item.label_en
FROM jsonb_to_recordset(%(points)s::jsonb) AS item (
    asset text, code text, unit text, kind text, label_zh text, label_en text
)
JOIN asset ON asset.community_id = %(community)s AND asset.code = item.asset
LEFT JOIN point ON point.asset_id = asset.id AND point.code = item.code
WHERE point.id IS NULL
    OR (
        %(announced_at)s::timestamptz >= asset.announced_at
        AND (point.unit, point.kind, point.label_zh, point.label_en) IS DISTINCT FROM (
            coalesce(item.unit, point.unit), coalesce(item.kind, point.kind),
            coalesce(item.label_zh, point.label_zh), coalesce(item.label_en, point.label_en)
        )
    )
ORDER BY asset.id, item.code
ON CONFLICT (asset_id, code) DO UPDATE SET
    unit = excluded.unit,
    kind = excluded.kind,
    label_zh = coalesce(excluded.label_zh, point.label_zh),
    label_en = coalesce(excluded.label_en, point.label_en);
