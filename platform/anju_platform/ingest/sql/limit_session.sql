-- Whoever waits this long for a row waits for an ingest that stands still: see end_stuck_sessions.
SELECT set_config('lock_timeout', %(lock_timeout)s, false);
