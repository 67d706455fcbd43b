SELECT id, community_id AS community, gateway_id AS gateway, code, epoch, stream, raised_at, cleared_at, amount, detail,
    acknowledged_at, acknowledged_by, note
FROM gateway_fault
WHERE (%(id)s::bigint IS NULL OR id = %(id)s::bigint)
    AND (%(community)s::text IS NULL OR community_id = %(community)s::text)
    AND (%(gateway)s::text IS NULL OR gateway_id = %(gateway)s::text)
    AND (%(is_open)s::boolean IS NULL OR (cleared_at IS NULL) = %(is_open)s::boolean)
    AND (%(after)s::bigint IS NULL OR id < %(after)s::bigint)
ORDER BY id DESC
LIMIT %(limit)s::int;
