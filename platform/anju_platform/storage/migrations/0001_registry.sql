-- Communities, their gateways, assets and points. Births fill these; so does the import of a history.

CREATE TABLE community (
    id text PRIMARY KEY,
    label_zh text NOT NULL,
    label_en text NOT NULL,
    timezone text NOT NULL DEFAULT 'Asia/Shanghai',
    created_at timestamptz NOT NULL,
    -- event time up to which an imported history reaches
    imported_until timestamptz
);

CREATE TABLE gateway (
    community_id text NOT NULL REFERENCES community,
    id text NOT NULL,
    epoch text,
    software text,
    birth_at timestamptz,
    state text NOT NULL DEFAULT 'unknown' CHECK (state IN ('unknown', 'online', 'offline', 'lost')),
    state_at timestamptz,
    -- event time up to which live telemetry has been committed; jobs on data follow it, never the wall
    watermark_at timestamptz,
    account jsonb,
    account_at timestamptz,
    PRIMARY KEY (community_id, id)
);

CREATE TABLE asset (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL REFERENCES community,
    code text NOT NULL,
    key text NOT NULL GENERATED ALWAYS AS (community_id || ':' || code) STORED UNIQUE,
    kind text NOT NULL,
    model text NOT NULL,
    label_zh text,
    label_en text,
    location text,
    installed_on date,
    gateway_id text,
    attributes jsonb NOT NULL DEFAULT '{}',
    first_seen_at timestamptz NOT NULL,
    -- of the newest birth that spoke of it; an older one changes nothing
    announced_at timestamptz,
    UNIQUE (community_id, code)
);

CREATE TABLE point (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id bigint NOT NULL REFERENCES asset,
    code text NOT NULL,
    unit text NOT NULL DEFAULT '1',
    kind text NOT NULL DEFAULT 'gauge' CHECK (kind IN ('gauge', 'counter', 'state')),
    label_zh text,
    label_en text,
    UNIQUE (asset_id, code)
);
