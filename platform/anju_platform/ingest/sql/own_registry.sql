SELECT pg_advisory_xact_lock(hashtextextended('anju registry ' || %(community)s, 0));
