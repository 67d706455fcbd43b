-- Readings in a hypertable of daily chunks.

CREATE EXTENSION IF NOT EXISTS timescaledb;

CREATE TABLE telemetry (
    point_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL DEFAULT 0,
    UNIQUE (point_id, at)
);

SELECT create_hypertable('telemetry', by_range('at', INTERVAL '1 day'), create_default_indexes => false);
