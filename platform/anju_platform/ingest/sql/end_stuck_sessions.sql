-- An ingest that was paused in the middle of a transaction holds what the broker gives to others meanwhile; it
-- starts over when it goes on. One that works, however slowly, is not waiting for its client.
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE datname = current_database()
    AND usename = current_user
    AND application_name LIKE 'anju ingest %%'
    AND pid <> pg_backend_pid()
    AND xact_start IS NOT NULL
    AND wait_event_type = 'Client'
    AND state_change < clock_timestamp() - %(silent_for)s::interval;
