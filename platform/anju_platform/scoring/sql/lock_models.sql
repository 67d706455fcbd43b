SELECT pg_advisory_xact_lock(hashtextextended('anju model champion', 0))
