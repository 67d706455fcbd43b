-- One row a batch: `payload` is MessagePack (packing.Kept). `stream` is telemetry or event, `at_us` is when the
-- outbox took it (microseconds since 1970 by the deployment's clock), `samples` counts samples or events, `bytes` is what it
-- takes on the disk, about.
CREATE TABLE batch (
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at_us   INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    payload BLOB    NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE TABLE outbox (
    epoch   TEXT    NOT NULL,
    version INTEGER NOT NULL
);

-- Counts from the beginning of the epoch to batch `last_seq`: produced = committed + queued + the sum of dropped. Written
-- where something is forgotten or dropped: what was queued since has higher numbers, without a gap, and is counted there.
CREATE TABLE account (
    stream    TEXT    NOT NULL PRIMARY KEY,
    produced  INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    queued    INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL
);

CREATE TABLE dropped (
    stream  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    samples INTEGER NOT NULL,
    PRIMARY KEY (stream, reason)
);

-- Alarms that are raised, so that a gateway which starts again knows what there is to clear.
CREATE TABLE alarm (
    asset TEXT NOT NULL,
    code  TEXT NOT NULL,
    PRIMARY KEY (asset, code)
);
