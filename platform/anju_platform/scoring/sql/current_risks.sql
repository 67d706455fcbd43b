-- The newest prediction of each component of an asset.
SELECT DISTINCT ON (p.component) p.id, a.key AS asset, a.kind, p.component, p.as_of, p.expected_at, p.model_id, p.p_24h,
       p.p_72h, p.p_7d, p.p_30d, p.low, p.high, p.reasons, p.ticket_id
FROM prediction AS p
JOIN asset AS a ON a.id = p.asset_id
WHERE a.key = %(asset)s::text
  AND p.as_of = (SELECT max(q.as_of) FROM prediction AS q WHERE q.asset_id = p.asset_id)
ORDER BY p.component, p.as_of DESC
