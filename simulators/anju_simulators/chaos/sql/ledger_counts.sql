-- How many samples and events of an epoch are committed.
SELECT stream, sum(samples)::bigint AS samples
FROM ledger
WHERE community_id = %(community)s AND epoch = %(epoch)s
GROUP BY stream
