-- How many samples of the live span the ledger has, for the status line.
SELECT coalesce(sum(samples), 0)::bigint
FROM ledger
WHERE community_id = %(community)s AND stream = 'telemetry' AND first_at >= %(since)s
