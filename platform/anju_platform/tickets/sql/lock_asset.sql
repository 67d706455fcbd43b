-- Writers about one asset take turns until their transaction ends, so that none opens a second ticket for a problem.
SELECT pg_advisory_xact_lock(hashtextextended('anju ticket asset', %(asset_id)s))
