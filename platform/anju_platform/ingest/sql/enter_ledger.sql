-- The batches that were not there yet.
INSERT INTO ledger (
    community_id, gateway_id, epoch, stream, seq, samples, historical, first_at, last_at, received_at, taken_at,
    committed_at
)
SELECT batch.*, %(now)s::timestamptz
FROM unnest(
    %(communities)s::text[],
    %(gateways)s::text[],
    %(epochs)s::text[],
    %(streams)s::text[],
    %(seqs)s::bigint[],
    %(samples)s::integer[],
    %(historical)s::boolean[],
    %(first_at)s::timestamptz[],
    %(last_at)s::timestamptz[],
    %(received_at)s::timestamptz[],
    %(taken_at)s::timestamptz[]
) AS batch
ON CONFLICT DO NOTHING
RETURNING community_id, gateway_id, epoch, stream, seq;
