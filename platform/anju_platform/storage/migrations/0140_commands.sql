-- What people tell devices and gateways to do. A row is the request; what became of it is its log, and `state` and
-- `answer` are the fold of that log.

CREATE TABLE command (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- its name on the wire, unique for ever, also over a restored backup
    wire_id text NOT NULL UNIQUE,
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    -- null where the gateway itself is told
    asset_id bigint REFERENCES asset,
    action text NOT NULL,
    params jsonb NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    why text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'asked'
        CHECK (state IN ('asked', 'sent', 'delivered', 'expired', 'refused', 'done')),
    answer jsonb,
    FOREIGN KEY (community_id, gateway_id) REFERENCES gateway
);
CREATE INDEX command_by_community ON command (community_id, issued_at DESC);
CREATE INDEX command_by_asset ON command (asset_id, issued_at DESC);
CREATE INDEX command_open ON command (expires_at) WHERE state IN ('asked', 'sent', 'delivered');

CREATE TABLE command_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id bigint NOT NULL REFERENCES command,
    at timestamptz NOT NULL,
    act text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX command_log_by_command ON command_log (command_id, id);
