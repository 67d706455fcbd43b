-- A name without a slash is an asset's (of an event), the others are `asset/point`.
SELECT id, topic, payload
FROM dead_letter
WHERE community_id = %(community)s
    AND replayed_at IS NULL
    AND reason = 'unknown_point'
    AND EXISTS (
        SELECT
        FROM unnest(names) AS name
        JOIN asset ON asset.community_id = dead_letter.community_id AND asset.code = split_part(name, '/', 1)
        LEFT JOIN point ON point.asset_id = asset.id AND point.code = split_part(name, '/', 2)
        WHERE point.id IS NOT NULL OR strpos(name, '/') = 0
    )
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;
