-- (gauge, community, gateway, label, other label, value); of streams that of the outbox in use.
WITH streams AS (
    SELECT *, received_at = max(received_at) OVER (PARTITION BY community_id, gateway_id) AS current
    FROM outbox_account
)
SELECT 'samples' AS gauge, community_id, gateway_id, stream AS first, what AS second, value::float8
FROM streams CROSS JOIN LATERAL (
    VALUES ('produced', produced), ('committed', committed), ('queued', queued), ('stored', stored_samples)
) AS figure (what, value)
WHERE current
UNION ALL
SELECT 'dropped', community_id, gateway_id, stream, reason, sum(value::float8)
FROM streams CROSS JOIN jsonb_each_text(dropped) AS drop (reason, value)
GROUP BY community_id, gateway_id, stream, reason
UNION ALL
SELECT 'lost', community_id, gateway_id, stream, '', sum(greatest(counted_committed - stored_samples, 0))::float8
FROM streams GROUP BY community_id, gateway_id, stream
UNION ALL
SELECT 'missing_batches', community_id, gateway_id, stream, '', greatest(counted_last_seq - stored_batches, 0)::float8
FROM streams WHERE current
UNION ALL
SELECT 'account_age', community_id, gateway_id, '', '', extract(epoch FROM %(now)s::timestamptz - max(received_at))::float8
FROM streams GROUP BY community_id, gateway_id
UNION ALL
SELECT 'clock_offset', community_id, gateway_id, '', '', offset_s FROM gateway_clock
UNION ALL
SELECT 'letters_ahead', community_id, gateway_id, '', '', count(*)::float8
FROM dead_letter WHERE reason = 'future' AND replayed_at IS NULL AND gateway_id IS NOT NULL
GROUP BY community_id, gateway_id
UNION ALL
SELECT 'faults', community_id, gateway_id, code, CASE WHEN acknowledged_at IS NULL THEN 'no' ELSE 'yes' END, count(*)::float8
FROM gateway_fault WHERE cleared_at IS NULL
GROUP BY 1, 2, 3, 4, 5;
