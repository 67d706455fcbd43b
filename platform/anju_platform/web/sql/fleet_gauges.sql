SELECT 'assets' AS gauge, community_id, kind AS first, '' AS second, count(*)::float8 AS value
FROM asset
GROUP BY community_id, kind
UNION ALL
SELECT 'open_tickets', community_id, origin, state, count(*)::float8
FROM ticket
WHERE state IN ('new', 'accepted')
GROUP BY community_id, origin, state
UNION ALL
SELECT 'gateway_online', community_id, id, '', (state = 'online')::int::float8
FROM gateway
UNION ALL
SELECT 'gateway_watermark', community_id, id, '', extract(epoch FROM watermark_at)::float8
FROM gateway
UNION ALL
SELECT 'dead_letters', coalesce(community_id, ''), reason, '', count(*)::float8
FROM dead_letter
WHERE replayed_at IS NULL
GROUP BY coalesce(community_id, ''), reason
