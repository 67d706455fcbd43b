-- The uplink asks at every step; of a day of commands hardly any waits.
CREATE INDEX IF NOT EXISTS command_untold ON command (expires_us) WHERE told = 0 AND response IS NOT NULL
