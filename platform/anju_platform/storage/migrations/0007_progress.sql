-- Event time up to which a community's data are complete. A gateway that is online but more than a day behind
-- the newest one holds nobody up; where none is online, what was committed last counts.
CREATE VIEW community_progress AS
SELECT
    c.id AS community_id,
    greatest(
        coalesce(
            min(g.watermark_at) FILTER (WHERE g.state = 'online' AND g.watermark_at > n.newest - INTERVAL '1 day'),
            n.newest
        ),
        c.imported_until
    ) AS as_of
FROM community c
LEFT JOIN LATERAL (
    SELECT max(watermark_at) AS newest FROM gateway WHERE community_id = c.id
) n ON true
LEFT JOIN gateway g ON g.community_id = c.id
GROUP BY c.id, n.newest;
