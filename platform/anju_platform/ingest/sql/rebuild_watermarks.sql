-- A watermark is written a moment after its readings; after a crash the latest values know better. In the order of the
-- gateways, as everybody locks several of them.
WITH reached AS (
    SELECT asset.community_id, asset.gateway_id, least(max(latest.at), %(now)s) AS at
    FROM asset JOIN point ON point.asset_id = asset.id JOIN latest ON latest.point_id = point.id
    WHERE asset.gateway_id IS NOT NULL
    GROUP BY asset.community_id, asset.gateway_id
),
behind AS (
    SELECT gateway.community_id, gateway.id, reached.at
    FROM gateway JOIN reached ON gateway.community_id = reached.community_id AND gateway.id = reached.gateway_id
    WHERE gateway.watermark_at IS NULL OR gateway.watermark_at < reached.at
    ORDER BY gateway.community_id, gateway.id
    FOR NO KEY UPDATE OF gateway
)
UPDATE gateway SET watermark_at = behind.at
FROM behind
WHERE gateway.community_id = behind.community_id AND gateway.id = behind.id
    AND (gateway.watermark_at IS NULL OR gateway.watermark_at < behind.at);
