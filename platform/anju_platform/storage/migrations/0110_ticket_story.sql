-- Why a ticket closed, and which ticket of the same problem came before it.

ALTER TABLE ticket
    ADD COLUMN close_reason text CHECK (close_reason IN ('done', 'auto', 'lapsed', 'withdrawn', 'duplicate')),
    ADD COLUMN previous_id bigint REFERENCES ticket;
CREATE INDEX ticket_to_sweep ON ticket (state, expires_at, resolved_at) WHERE state IN ('new', 'resolved');

-- Raises that may have to become alarm tickets are looked up by time.
CREATE INDEX event_raise_by_time ON event (at) WHERE state = 'raise';

-- When the model expects the failure (median), where it does within sight.
ALTER TABLE prediction ADD COLUMN expected_at timestamptz;
CREATE INDEX prediction_by_asset ON prediction (asset_id, as_of DESC);

-- Why a model was refused, for people.
ALTER TABLE model ADD COLUMN why_not text NOT NULL DEFAULT '';
