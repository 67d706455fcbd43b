-- Points whose latest value is not the newest one that is stored.
SELECT count(*)
FROM latest
FULL JOIN (
    SELECT DISTINCT ON (point_id) point_id, at, value
    FROM telemetry
    ORDER BY point_id, at DESC
) AS newest USING (point_id)
WHERE latest.at IS DISTINCT FROM newest.at OR latest.value IS DISTINCT FROM newest.value
