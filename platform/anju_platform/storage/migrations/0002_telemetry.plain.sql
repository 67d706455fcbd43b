-- Readings in native daily partitions; storage/partitions creates a day's partition before the first row of that day.

CREATE TABLE telemetry (
    point_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL DEFAULT 0,
    UNIQUE (point_id, at)
) PARTITION BY RANGE (at);
