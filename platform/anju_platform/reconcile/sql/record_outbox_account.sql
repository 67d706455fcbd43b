INSERT INTO outbox_account AS known (
    community_id, gateway_id, epoch, stream, produced, committed, queued, dropped, dropped_samples, dropped_at,
    last_seq, highest_seq, first_queued, told_at, received_at
) VALUES (
    %(community)s, %(gateway)s, %(epoch)s, %(stream)s, %(produced)s, %(committed)s, %(queued)s, %(dropped)s,
    %(dropped_samples)s::bigint, CASE WHEN %(dropped_samples)s::bigint > 0 THEN %(received_at)s::timestamptz END,
    %(last_seq)s, %(last_seq)s, %(first_queued)s, %(told_at)s, %(received_at)s
)
ON CONFLICT (community_id, gateway_id, epoch, stream) DO UPDATE SET
    produced = excluded.produced,
    committed = excluded.committed,
    queued = excluded.queued,
    dropped = excluded.dropped,
    dropped_samples = excluded.dropped_samples,
    dropped_at = CASE
        WHEN excluded.dropped_samples > known.dropped_samples THEN excluded.received_at ELSE known.dropped_at
    END,
    last_seq = excluded.last_seq,
    highest_seq = greatest(known.highest_seq, excluded.last_seq),
    first_queued = excluded.first_queued,
    told_at = excluded.told_at,
    received_at = excluded.received_at;
