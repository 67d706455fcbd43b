SELECT pg_advisory_unlock(hashtextextended('anju job ' || %(job)s, 0));
