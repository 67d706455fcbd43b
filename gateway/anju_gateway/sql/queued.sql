-- What waits: samples up to `last_seq` and after it, batches after it, the last number given, bytes, the oldest.
SELECT coalesce(sum(samples) FILTER (WHERE seq <= :last_seq), 0),
       coalesce(sum(samples) FILTER (WHERE seq > :last_seq), 0),
       count(*) FILTER (WHERE seq > :last_seq),
       max(coalesce(max(seq), 0), :last_seq),
       coalesce(sum(bytes), 0),
       min(at_us)
FROM batch WHERE stream = :stream
