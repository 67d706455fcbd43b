-- The seqs of a stream up to last_seq that the ledger doesn't have, in pieces that may touch each other.
WITH known AS (
    SELECT chunk, batches + forgotten_batches AS batches, forgotten_batches > 0 AS partly_forgotten,
        lag(chunk, 1, -1::bigint) OVER (ORDER BY chunk) AS before
    FROM ledger_chunk
    WHERE community_id = %(community)s AND gateway_id = %(gateway)s AND epoch = %(epoch)s AND stream = %(stream)s
        AND chunk <= (%(last_seq)s - 1) / 1024
),
marks AS (
    SELECT chunk, seq
    FROM (
        SELECT chunk FROM known WHERE batches < 1024 AND NOT partly_forgotten ORDER BY chunk DESC LIMIT 200
    ) AS gappy
    CROSS JOIN LATERAL (
        SELECT seq FROM ledger
        WHERE community_id = %(community)s AND gateway_id = %(gateway)s AND epoch = %(epoch)s AND stream = %(stream)s
            AND seq > chunk * 1024 AND seq <= least((chunk + 1) * 1024, %(last_seq)s)
        UNION ALL SELECT chunk * 1024
        UNION ALL SELECT least((chunk + 1) * 1024, %(last_seq)s) + 1
    ) AS mark
),
steps AS (
    SELECT seq AS before, lead(seq) OVER (PARTITION BY chunk ORDER BY seq) AS after FROM marks
)
SELECT before + 1 AS first, after - 1 AS last FROM steps WHERE after > before + 1
UNION ALL
SELECT (before + 1) * 1024 + 1, chunk * 1024 FROM known WHERE chunk > before + 1
UNION ALL
SELECT coalesce(max(chunk) + 1, 0) * 1024 + 1, %(last_seq)s FROM known
HAVING %(last_seq)s > coalesce(max(chunk) + 1, 0) * 1024
ORDER BY 1;
