-- Counts of the ledger by chunks, brought up to date where rows may have come (behind the last chunk that is known, in
-- chunks with gaps) or, a few chunks a time in turn, may have vanished; and the sums that follow, by their difference.
-- An account that comes meanwhile may already speak of batches that are not counted here: hence counted_*.
WITH due AS (
    SELECT community_id, gateway_id, epoch, stream, last_seq, committed, told_at, turn,
        (
            SELECT max(chunk) FROM ledger_chunk AS known
            WHERE (known.community_id, known.gateway_id, known.epoch, known.stream)
                = (account.community_id, account.gateway_id, account.epoch, account.stream)
                AND chunk <= (account.last_seq - 1) / 1024
        ) AS newest
    FROM outbox_account AS account
    WHERE counted_told_at IS DISTINCT FROM told_at
        OR stored_batches < last_seq
        OR checked_at < clock_timestamp() - make_interval(secs => %(every_s)s::float8)
),
again AS (
    SELECT due.*, known.chunk
    FROM due CROSS JOIN LATERAL (
        SELECT newest AS chunk WHERE newest IS NOT NULL
        UNION
        (
            SELECT chunk FROM ledger_chunk AS gappy
            WHERE (gappy.community_id, gappy.gateway_id, gappy.epoch, gappy.stream)
                = (due.community_id, due.gateway_id, due.epoch, due.stream)
                AND chunk < newest AND batches + forgotten_batches < 1024
            ORDER BY chunk DESC LIMIT 32
        )
        UNION
        (
            SELECT chunk FROM ledger_chunk AS settled
            WHERE (settled.community_id, settled.gateway_id, settled.epoch, settled.stream)
                = (due.community_id, due.gateway_id, due.epoch, due.stream)
                AND chunk < newest AND chunk >= turn
            ORDER BY chunk LIMIT 4
        )
    ) AS known
),
counted AS (
    SELECT community_id, gateway_id, epoch, stream, chunk, found.batches, found.samples
    FROM again CROSS JOIN LATERAL (
        SELECT count(*) AS batches, coalesce(sum(samples), 0) AS samples
        FROM ledger
        WHERE (ledger.community_id, ledger.gateway_id, ledger.epoch, ledger.stream)
            = (again.community_id, again.gateway_id, again.epoch, again.stream)
            AND seq > chunk * 1024 AND seq <= least((chunk + 1) * 1024, last_seq)
    ) AS found
    UNION ALL
    SELECT ledger.community_id, ledger.gateway_id, ledger.epoch, ledger.stream, (seq - 1) / 1024, count(*), sum(samples)
    FROM due JOIN ledger USING (community_id, gateway_id, epoch, stream)
    WHERE seq > (coalesce(newest, -1) + 1) * 1024 AND seq <= last_seq
    GROUP BY 1, 2, 3, 4, 5
),
changed AS (
    SELECT community_id, gateway_id, epoch, stream,
        sum(counted.batches - coalesce(known.batches, 0)) AS batches,
        sum(counted.samples - coalesce(known.samples, 0)) AS samples
    FROM counted LEFT JOIN ledger_chunk AS known USING (community_id, gateway_id, epoch, stream, chunk)
    GROUP BY 1, 2, 3, 4
),
kept AS (
    INSERT INTO ledger_chunk AS known (community_id, gateway_id, epoch, stream, chunk, batches, samples)
    SELECT community_id, gateway_id, epoch, stream, chunk, batches, samples FROM counted
    ORDER BY community_id, gateway_id, epoch, stream, chunk
    ON CONFLICT (community_id, gateway_id, epoch, stream, chunk) DO UPDATE
    SET batches = excluded.batches, samples = excluded.samples
    WHERE (known.batches, known.samples) IS DISTINCT FROM (excluded.batches, excluded.samples)
),
found AS (
    -- in the order in which ingest writes accounts, so that neither waits for the other in a circle
    SELECT due.*, coalesce(changed.batches, 0) AS batches, coalesce(changed.samples, 0) AS samples,
        coalesce(
            (
                SELECT max(again.chunk) + 1 FROM again
                WHERE (again.community_id, again.gateway_id, again.epoch, again.stream)
                    = (due.community_id, due.gateway_id, due.epoch, due.stream)
                    AND again.chunk BETWEEN due.turn AND due.newest - 1
            ),
            0
        ) AS next_turn
    FROM outbox_account AS account
    JOIN due USING (community_id, gateway_id, epoch, stream)
    LEFT JOIN changed USING (community_id, gateway_id, epoch, stream)
    ORDER BY community_id, gateway_id, epoch, stream
    FOR NO KEY UPDATE OF account
)
UPDATE outbox_account AS account
SET stored_batches = account.stored_batches + found.batches,
    stored_samples = account.stored_samples + found.samples,
    counted_told_at = found.told_at,
    counted_committed = found.committed,
    counted_last_seq = found.last_seq,
    checked_at = clock_timestamp(),
    turn = found.next_turn
FROM found
WHERE (account.community_id, account.gateway_id, account.epoch, account.stream)
    = (found.community_id, found.gateway_id, found.epoch, found.stream);
