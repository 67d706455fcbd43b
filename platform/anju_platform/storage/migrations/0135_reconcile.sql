-- What gateways say became of their samples, held against what the ledger has; their clocks; what is wrong with them.

-- Three times are kept apart: of the devices (first_at to last_at), of the gateway that took the batch, of receipt.
ALTER TABLE ledger ADD COLUMN taken_at timestamptz;
ALTER TABLE dead_letter ADD COLUMN taken_at timestamptz;
CREATE INDEX dead_letter_ahead ON dead_letter (community_id, gateway_id)
    WHERE replayed_at IS NULL AND reason = 'future';

-- The newest account of each stream of each outbox (epoch), and beside it what the ledger has of it up to last_seq.
CREATE TABLE outbox_account (
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    epoch text NOT NULL,
    stream text NOT NULL CHECK (stream IN ('telemetry', 'event')),
    produced bigint NOT NULL,
    committed bigint NOT NULL,
    queued bigint NOT NULL,
    dropped jsonb NOT NULL,
    dropped_samples bigint NOT NULL,
    -- when an account last told of more drops than the one before it
    dropped_at timestamptz,
    last_seq bigint NOT NULL,
    -- the greatest last_seq that any account of this outbox named
    highest_seq bigint NOT NULL,
    -- every batch below has left the outbox; NULL where the gateway doesn't say
    first_queued bigint,
    told_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    stored_batches bigint NOT NULL DEFAULT 0,
    stored_samples bigint NOT NULL DEFAULT 0,
    -- real time, whatever clock the deployment runs on
    checked_at timestamptz NOT NULL DEFAULT '-infinity',
    -- the chunk whose turn it is to be counted again
    turn bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (community_id, gateway_id, epoch, stream),
    FOREIGN KEY (community_id, gateway_id) REFERENCES gateway
);

-- Running counts of the ledger by 1024 batches: chunk n holds seq 1024 n + 1 to 1024 (n + 1).
CREATE TABLE ledger_chunk (
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    epoch text NOT NULL,
    stream text NOT NULL,
    chunk bigint NOT NULL,
    batches integer NOT NULL,
    samples bigint NOT NULL,
    -- of these the ledger's rows are no longer kept
    forgotten_batches integer NOT NULL DEFAULT 0,
    PRIMARY KEY (community_id, gateway_id, epoch, stream, chunk)
);

-- What receipts and accounts tell of each gateway's clock.
CREATE TABLE gateway_clock (
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    -- the gateway's clock minus the platform's, in real seconds
    offset_s double precision NOT NULL,
    -- what the gateway itself takes it to be
    told_offset_s double precision,
    is_wrong boolean NOT NULL,
    -- [gateway's time, time of receipt] in microseconds since 1970, oldest first
    observations jsonb NOT NULL,
    measured_at timestamptz NOT NULL,
    PRIMARY KEY (community_id, gateway_id),
    FOREIGN KEY (community_id, gateway_id) REFERENCES gateway
);

-- What is or was wrong with a gateway's ledger or clock. `epoch` and `stream` are empty where it isn't about one.
CREATE TABLE gateway_fault (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    code text NOT NULL,
    epoch text NOT NULL DEFAULT '',
    stream text NOT NULL DEFAULT '',
    raised_at timestamptz NOT NULL,
    cleared_at timestamptz,
    -- samples, batches or seconds: what the code is about
    amount double precision NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    acknowledged_at timestamptz,
    acknowledged_by text,
    note text,
    FOREIGN KEY (community_id, gateway_id) REFERENCES gateway
);
CREATE UNIQUE INDEX gateway_fault_open ON gateway_fault (community_id, gateway_id, code, epoch, stream)
    WHERE cleared_at IS NULL;
CREATE INDEX gateway_fault_by_gateway ON gateway_fault (community_id, gateway_id, id DESC);
