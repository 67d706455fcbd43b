-- A watermark is written a moment after its readings; after a crash the latest values know better.
UPDATE gateway SET watermark_at = least(reached.at, %(now)s)
FROM (
    SELECT asset.community_id, asset.gateway_id, max(latest.at) AS at
    FROM asset JOIN point ON point.asset_id = asset.id JOIN latest ON latest.point_id = point.id
    WHERE asset.gateway_id IS NOT NULL
    GROUP BY asset.community_id, asset.gateway_id
) AS reached
WHERE gateway.community_id = reached.community_id AND gateway.id = reached.gateway_id
    AND (gateway.watermark_at IS NULL OR gateway.watermark_at < least(reached.at, %(now)s));
