-- The longest time in which nothing was committed, and when it began.
SELECT before AS began_at, extract(epoch FROM committed_at - before)::float8 AS lasted_s
FROM (
    SELECT committed_at, lag(committed_at) OVER (ORDER BY committed_at) AS before
    FROM ledger
    WHERE community_id = %(community)s AND committed_at BETWEEN %(since)s AND %(until)s
) AS commits
WHERE before IS NOT NULL
ORDER BY lasted_s DESC
LIMIT 1
