-- Every outbox that was heard of; the one whose account came last is the gateway's present one.
SELECT community_id AS community, gateway_id AS gateway, epoch, stream, produced, committed, queued, dropped, dropped_at,
    last_seq, highest_seq, first_queued, received_at, stored_batches, stored_samples, counted_committed, counted_last_seq,
    counted_told_at IS NOT DISTINCT FROM told_at AS is_counted,
    received_at = max(received_at) OVER (PARTITION BY community_id, gateway_id) AS current
FROM outbox_account
WHERE (%(community)s::text IS NULL OR community_id = %(community)s::text)
    AND (%(gateway)s::text IS NULL OR gateway_id = %(gateway)s::text)
ORDER BY community_id, gateway_id, current DESC, received_at DESC, epoch, stream DESC;
