-- In the order of the gateways, as everybody locks several of them.
WITH item AS (
    SELECT *
    FROM unnest(%(communities)s::text[], %(gateways)s::text[], %(moments)s::timestamptz[]) AS item (community, gateway, at)
),
behind AS (
    SELECT gateway.community_id, gateway.id, item.at
    FROM gateway JOIN item ON gateway.community_id = item.community AND gateway.id = item.gateway
    WHERE gateway.watermark_at IS NULL OR gateway.watermark_at < item.at
    ORDER BY gateway.community_id, gateway.id
    FOR NO KEY UPDATE OF gateway
)
UPDATE gateway SET watermark_at = behind.at
FROM behind
WHERE gateway.community_id = behind.community_id AND gateway.id = behind.id
    AND (gateway.watermark_at IS NULL OR gateway.watermark_at < behind.at);
