-- What was committed but not yet written here when an ingest died.
INSERT INTO latest (point_id, at, value, quality)
SELECT point.id, newest.at, newest.value, newest.quality
FROM point
LEFT JOIN latest ON latest.point_id = point.id
CROSS JOIN LATERAL (
    SELECT at, value, quality
    FROM telemetry
    WHERE telemetry.point_id = point.id AND telemetry.at >= coalesce(latest.at, '-infinity')
    ORDER BY at DESC
    LIMIT 1
) AS newest
WHERE (newest.at, newest.value, newest.quality) IS DISTINCT FROM (latest.at, latest.value, latest.quality)
ORDER BY point.id
ON CONFLICT (point_id) DO UPDATE SET at = excluded.at, value = excluded.value, quality = excluded.quality
WHERE excluded.at >= latest.at;
