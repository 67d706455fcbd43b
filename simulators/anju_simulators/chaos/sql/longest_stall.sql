-- The longest time in which nothing was committed, in seconds.
SELECT coalesce(max(extract(epoch FROM committed_at - before)), 0)::float8
FROM (
    SELECT committed_at, lag(committed_at) OVER (ORDER BY committed_at) AS before
    FROM ledger
    WHERE community_id = %(community)s AND committed_at BETWEEN %(since)s AND %(until)s
) AS commits
