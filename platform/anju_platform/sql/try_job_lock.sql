SELECT pg_try_advisory_lock(hashtextextended('anju job ' || %(job)s, 0));
