-- What people say and do: complaints, repairs, tickets and their log.

CREATE TABLE ticket (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL REFERENCES community,
    asset_id bigint REFERENCES asset,
    component text,
    origin text NOT NULL CHECK (origin IN ('proactive', 'alarm', 'complaint', 'request')),
    state text NOT NULL CHECK (state IN ('new', 'accepted', 'resolved', 'closed')),
    priority text NOT NULL CHECK (priority IN ('urgent', 'high', 'normal', 'low')),
    title_zh text NOT NULL,
    title_en text NOT NULL,
    opened_at timestamptz NOT NULL,
    -- a proactive ticket that nobody served by then has lapsed
    expires_at timestamptz,
    accepted_at timestamptz,
    assignee text,
    resolved_at timestamptz,
    finding text CHECK (finding IN ('confirmed', 'worn', 'nothing_found', 'other_fault')),
    closed_at timestamptz,
    version integer NOT NULL
);
-- One problem, one ticket: the writer locks the asset; this is the net below.
CREATE UNIQUE INDEX ticket_one_problem ON ticket (asset_id, coalesce(component, ''))
    WHERE state IN ('new', 'accepted') AND asset_id IS NOT NULL;
CREATE INDEX ticket_by_community ON ticket (community_id, opened_at DESC, id DESC);
CREATE INDEX ticket_by_asset ON ticket (asset_id, opened_at DESC);

-- A ticket's row above is the fold of these entries; nothing here is ever changed or deleted.
CREATE TABLE ticket_log (
    ticket_id bigint NOT NULL REFERENCES ticket,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (ticket_id, version)
);
CREATE FUNCTION ticket_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ticket_log is append-only';
END $$;
CREATE TRIGGER ticket_log_append_only BEFORE UPDATE OR DELETE ON ticket_log
    FOR EACH ROW EXECUTE FUNCTION ticket_log_is_append_only();

CREATE TABLE complaint (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL REFERENCES community,
    asset_id bigint REFERENCES asset,
    at timestamptz NOT NULL,
    category text NOT NULL,
    text text NOT NULL DEFAULT '',
    channel text NOT NULL DEFAULT 'app',
    ticket_id bigint REFERENCES ticket,
    -- lets a client repeat a report safely
    request_id text UNIQUE
);
CREATE INDEX complaint_by_asset ON complaint (asset_id, at DESC);

CREATE TABLE repair (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id bigint NOT NULL REFERENCES asset,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    component text NOT NULL,
    action text NOT NULL,
    cause text NOT NULL,
    fault_code text,
    fault_found boolean,
    ticket_id bigint REFERENCES ticket,
    UNIQUE (asset_id, opened_at, component, action)
);
CREATE INDEX repair_by_asset ON repair (asset_id, opened_at DESC);
