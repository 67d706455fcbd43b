-- Predictions that would have opened a ticket and were left alone on purpose, to see what would have come.
ALTER TABLE prediction ADD COLUMN held_out boolean NOT NULL DEFAULT false;
CREATE INDEX prediction_held_out ON prediction (asset_id, component, as_of) WHERE held_out;
