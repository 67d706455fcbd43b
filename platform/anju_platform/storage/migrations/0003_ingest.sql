-- What arrives: the ledger of batches, latest values, events, dead letters, hourly rollups.

CREATE TABLE ledger (
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    epoch text NOT NULL,
    stream text NOT NULL CHECK (stream IN ('telemetry', 'event')),
    seq bigint NOT NULL,
    samples integer NOT NULL,
    historical boolean NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (community_id, gateway_id, epoch, stream, seq)
);

-- Derived: what the newest reading of each point is, by event time.
CREATE TABLE latest (
    point_id bigint PRIMARY KEY REFERENCES point,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL
);

CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id bigint NOT NULL REFERENCES asset,
    at timestamptz NOT NULL,
    code text NOT NULL,
    state text NOT NULL CHECK (state IN ('raise', 'clear', 'momentary')),
    severity text NOT NULL,
    value double precision,
    vendor_code text,
    text text,
    received_at timestamptz NOT NULL,
    UNIQUE (asset_id, code, at, state)
);
CREATE INDEX event_by_asset ON event (asset_id, at DESC);

-- The alarms that hold now: the last word on each (asset, code), in event time, was a raise.
CREATE VIEW open_alarm AS
SELECT asset_id, code, at AS raised_at, severity, value, text
FROM (
    SELECT DISTINCT ON (asset_id, code) *
    FROM event
    WHERE state IN ('raise', 'clear')
    ORDER BY asset_id, code, at DESC, state
) AS last_word
WHERE state = 'raise';

CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    topic text NOT NULL,
    community_id text,
    gateway_id text,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL,
    -- for reason unknown_point: the `asset/point` names that wait for a birth
    names text[] NOT NULL DEFAULT '{}',
    replayed_at timestamptz
);
CREATE INDEX dead_letter_waiting ON dead_letter (community_id, gateway_id) WHERE replayed_at IS NULL AND reason = 'unknown_point';

-- `sum` and the rest are over samples whose quality is not bad.
CREATE TABLE rollup_hour (
    point_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    n integer NOT NULL,
    sum double precision NOT NULL,
    min double precision NOT NULL,
    max double precision NOT NULL,
    first double precision NOT NULL,
    last double precision NOT NULL,
    PRIMARY KEY (point_id, hour)
);
CREATE INDEX rollup_hour_by_hour ON rollup_hour USING brin (hour);

-- Hours of a community whose rollup no longer matches telemetry; written in the transaction that changed telemetry.
CREATE TABLE rollup_due (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL REFERENCES community,
    hour timestamptz NOT NULL
);
CREATE INDEX rollup_due_by_hour ON rollup_due (community_id, hour);
