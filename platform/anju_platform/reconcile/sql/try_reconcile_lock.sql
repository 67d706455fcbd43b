SELECT pg_try_advisory_lock(hashtextextended('anju reconcile', 0));
