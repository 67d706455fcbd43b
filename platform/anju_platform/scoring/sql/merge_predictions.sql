-- One prediction for an asset, component and moment: a repeated run replaces what it said, and keeps its id and ticket.
INSERT INTO prediction (
    asset_id, component, as_of, model_id, p_24h, p_72h, p_7d, p_30d, low, high, expected_at, reasons
)
SELECT asset.id, staged.component, %(as_of)s, %(model_id)s, staged.p_24h, staged.p_72h, staged.p_7d, staged.p_30d,
       staged.low, staged.high, staged.expected_at, staged.reasons::jsonb
FROM unnest(
    %(asset_keys)s::text[], %(components)s::text[], %(p_24h)s::real[], %(p_72h)s::real[], %(p_7d)s::real[],
    %(p_30d)s::real[], %(low)s::real[], %(high)s::real[], %(expected_at)s::timestamptz[], %(reasons)s::text[]
) AS staged (asset_key, component, p_24h, p_72h, p_7d, p_30d, low, high, expected_at, reasons)
JOIN asset ON asset.key = staged.asset_key
ORDER BY asset.id, staged.component
ON CONFLICT (asset_id, component, as_of) DO UPDATE
SET model_id = excluded.model_id, p_24h = excluded.p_24h, p_72h = excluded.p_72h, p_7d = excluded.p_7d,
    p_30d = excluded.p_30d, low = excluded.low, high = excluded.high, expected_at = excluded.expected_at,
    reasons = excluded.reasons
