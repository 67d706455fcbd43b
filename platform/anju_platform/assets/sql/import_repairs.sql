-- A repair that was open when it was imported first may have its outcome by now.
INSERT INTO repair (asset_id, opened_at, closed_at, component, action, cause, fault_code, fault_found)
SELECT DISTINCT ON (asset_id, opened_at, component, action) *
FROM unnest(
    %(asset_ids)s::bigint[],
    %(opened_at)s::timestamptz[],
    %(closed_at)s::timestamptz[],
    %(component)s::text[],
    %(action)s::text[],
    %(cause)s::text[],
    %(fault_code)s::text[],
    %(fault_found)s::boolean[]
) AS item (asset_id, opened_at, closed_at, component, action, cause, fault_code, fault_found)
ORDER BY asset_id, opened_at, component, action, closed_at
ON CONFLICT (asset_id, opened_at, component, action) DO UPDATE
SET closed_at = excluded.closed_at, fault_code = excluded.fault_code, fault_found = excluded.fault_found
WHERE repair.closed_at IS NULL AND excluded.closed_at IS NOT NULL;
