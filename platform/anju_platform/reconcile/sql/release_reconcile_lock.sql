SELECT pg_advisory_unlock(hashtextextended('anju reconcile', 0));
