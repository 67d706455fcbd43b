-- Tables of one session, emptied at each commit: what is merged into the tables of the same shape.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_sample (
    point_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    quality smallint NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS staged_rollup (
    point_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    n integer NOT NULL,
    sum double precision NOT NULL,
    min double precision NOT NULL,
    max double precision NOT NULL,
    first double precision NOT NULL,
    last double precision NOT NULL
) ON COMMIT DELETE ROWS;
