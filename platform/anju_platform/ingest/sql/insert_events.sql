-- The events that were not there yet.
INSERT INTO event (asset_id, at, code, state, severity, value, vendor_code, text, received_at)
SELECT item.*, %(received_at)s::timestamptz
FROM unnest(
    %(asset_ids)s::bigint[],
    %(moments)s::timestamptz[],
    %(codes)s::text[],
    %(states)s::text[],
    %(severities)s::text[],
    %(values)s::double precision[],
    %(vendor_codes)s::text[],
    %(texts)s::text[]
) AS item
ON CONFLICT (asset_id, code, at, state) DO NOTHING
RETURNING id, asset_id, code, at, state;
