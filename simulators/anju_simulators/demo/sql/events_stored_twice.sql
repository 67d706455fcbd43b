-- Events of the live span that are stored more than once, to the millisecond in which devices tell time.
SELECT coalesce(sum(stored - 1), 0)::bigint
FROM (
    SELECT count(*) AS stored
    FROM event
    JOIN asset ON asset.id = event.asset_id
    WHERE asset.community_id = %(community)s AND event.at >= %(since)s
    GROUP BY event.asset_id, event.code, event.state, date_trunc('milliseconds', event.at)
) AS same
