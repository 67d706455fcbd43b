INSERT INTO gateway_clock (community_id, gateway_id, offset_s, told_offset_s, is_wrong, observations, measured_at)
VALUES (
    %(community)s, %(gateway)s, %(offset_s)s, %(told_offset_s)s, %(is_wrong)s, %(observations)s, %(measured_at)s
)
ON CONFLICT (community_id, gateway_id) DO UPDATE SET
    offset_s = excluded.offset_s,
    told_offset_s = excluded.told_offset_s,
    is_wrong = excluded.is_wrong,
    observations = excluded.observations,
    measured_at = excluded.measured_at;
