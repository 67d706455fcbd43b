INSERT INTO account (stream, produced, committed, queued, last_seq)
VALUES (:stream, :produced, :committed, :queued, :last_seq)
ON CONFLICT (stream) DO UPDATE
SET produced = excluded.produced, committed = excluded.committed, queued = excluded.queued, last_seq = excluded.last_seq
