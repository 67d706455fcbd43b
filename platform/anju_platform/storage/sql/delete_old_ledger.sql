-- What was counted of these rows stays counted. Chunks are those of ledger_chunk.
WITH gone AS (
    DELETE FROM ledger WHERE committed_at < %(cutoff)s RETURNING community_id, gateway_id, epoch, stream, seq, samples
),
by_chunk AS (
    SELECT community_id, gateway_id, epoch, stream, (seq - 1) / 1024 AS chunk, count(*) AS batches, sum(samples) AS samples
    FROM gone GROUP BY 1, 2, 3, 4, 5
),
forgotten AS (
    UPDATE ledger_chunk AS known SET
        batches = known.batches - by_chunk.batches,
        samples = known.samples - by_chunk.samples,
        forgotten_batches = known.forgotten_batches + by_chunk.batches
    FROM by_chunk
    WHERE (known.community_id, known.gateway_id, known.epoch, known.stream, known.chunk)
        = (by_chunk.community_id, by_chunk.gateway_id, by_chunk.epoch, by_chunk.stream, by_chunk.chunk)
)
SELECT count(*) FROM gone;
