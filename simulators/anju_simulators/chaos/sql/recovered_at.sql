-- When the last was committed of what was handed over up to a moment.
SELECT max(committed_at)
FROM ledger
WHERE community_id = %(community)s AND first_at <= %(until)s
