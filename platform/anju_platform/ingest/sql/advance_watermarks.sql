UPDATE gateway SET watermark_at = item.at
FROM unnest(%(communities)s::text[], %(gateways)s::text[], %(moments)s::timestamptz[]) AS item (community, gateway, at)
WHERE gateway.community_id = item.community AND gateway.id = item.gateway
    AND (gateway.watermark_at IS NULL OR gateway.watermark_at < item.at);
