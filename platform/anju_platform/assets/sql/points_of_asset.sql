SELECT p.id, p.code, p.unit, p.kind, p.label_zh, p.label_en, l.at, l.value, l.quality
FROM point AS p
LEFT JOIN latest AS l ON l.point_id = p.id
WHERE p.asset_id = %(asset_id)s::bigint
ORDER BY p.id
