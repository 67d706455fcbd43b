-- No birth of the community can be stored between this and the commit.
SELECT pg_advisory_xact_lock_shared(hashtextextended('anju registry ' || community, 0))
FROM unnest(%(communities)s::text[]) AS community ORDER BY community;
