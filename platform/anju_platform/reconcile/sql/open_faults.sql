SELECT id, community_id AS community, gateway_id AS gateway, code, epoch, stream, amount, detail
FROM gateway_fault
WHERE cleared_at IS NULL AND code <> 'clock_wrong';
