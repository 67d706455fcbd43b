-- `account -> 'faults'` is what the gateway itself says is wrong with it.
SELECT g.community_id AS community, g.id, g.epoch, g.software, g.birth_at, g.state, g.state_at, g.watermark_at,
       g.account, g.account_at, clock.offset_s AS clock_offset_s, coalesce(clock.is_wrong, false) AS clock_is_wrong,
       (
           SELECT count(*) FROM gateway_fault AS fault
           WHERE fault.community_id = g.community_id AND fault.gateway_id = g.id
             AND fault.cleared_at IS NULL AND fault.acknowledged_at IS NULL
       ) + coalesce(jsonb_array_length(g.account -> 'faults'), 0) AS faults
FROM gateway AS g
LEFT JOIN gateway_clock AS clock ON clock.community_id = g.community_id AND clock.gateway_id = g.id
WHERE (%(community)s::text IS NULL OR g.community_id = %(community)s::text)
  AND (%(gateway)s::text IS NULL OR g.id = %(gateway)s::text)
  AND (%(after)s::text IS NULL OR g.community_id || '/' || g.id > %(after)s::text)
ORDER BY g.community_id || '/' || g.id
LIMIT %(limit)s::int
