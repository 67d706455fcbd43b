INSERT INTO event (asset_id, at, code, state, severity, received_at)
SELECT item.*, %(received_at)s::timestamptz
FROM unnest(
    %(asset_ids)s::bigint[], %(ts)s::timestamptz[], %(code)s::text[], %(state)s::text[], %(severity)s::text[]
) AS item
ON CONFLICT (asset_id, code, at, state) DO NOTHING;
