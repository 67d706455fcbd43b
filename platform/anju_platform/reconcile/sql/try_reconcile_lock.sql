SELECT pg_try_advisory_xact_lock(hashtextextended('anju reconcile', 0));
