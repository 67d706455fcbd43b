-- Models, what they said, and the runs of jobs.

CREATE TABLE model (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of timestamptz NOT NULL,
    trained_at timestamptz NOT NULL,
    role text NOT NULL CHECK (role IN ('champion', 'challenger', 'retired', 'refused')),
    metrics jsonb NOT NULL,
    artifact bytea NOT NULL
);
CREATE UNIQUE INDEX model_one_champion ON model (role) WHERE role = 'champion';

CREATE TABLE prediction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id bigint NOT NULL REFERENCES asset,
    component text NOT NULL,
    as_of timestamptz NOT NULL,
    model_id bigint NOT NULL REFERENCES model,
    p_24h real NOT NULL,
    p_72h real NOT NULL,
    p_7d real NOT NULL,
    p_30d real NOT NULL,
    -- 95 % interval of p_30d
    low real NOT NULL,
    high real NOT NULL,
    reasons jsonb NOT NULL,
    ticket_id bigint REFERENCES ticket,
    UNIQUE (asset_id, component, as_of)
);

CREATE TABLE job_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text NOT NULL,
    as_of timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text CHECK (outcome IN ('done', 'failed')),
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX job_run_by_job ON job_run (job, as_of DESC);
