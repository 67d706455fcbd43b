-- How much of a gateway's dead letters is kept each day (UTC), and how much went over its allowance and was only
-- counted. Letters of no gateway (their topic can't be read) share the row of the empty names.
CREATE TABLE dead_letter_day (
    community_id text NOT NULL,
    gateway_id text NOT NULL,
    day date NOT NULL,
    letters bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    not_kept_letters bigint NOT NULL DEFAULT 0,
    not_kept_bytes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (community_id, gateway_id, day)
);
