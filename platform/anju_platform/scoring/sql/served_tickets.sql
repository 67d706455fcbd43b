-- What visits for foreseen failures found, by component and by the model that foresaw them.
SELECT asset.kind, ticket.component, foreseen.model_id,
       count(*) FILTER (WHERE ticket.finding IN ('confirmed', 'worn')) AS needed,
       count(*) AS served
FROM ticket
JOIN asset ON asset.id = ticket.asset_id
JOIN LATERAL (
    SELECT prediction.model_id FROM prediction
    WHERE prediction.ticket_id = ticket.id
    ORDER BY prediction.as_of
    LIMIT 1
) AS foreseen ON true
WHERE ticket.community_id = %(community)s AND ticket.origin = 'proactive' AND ticket.finding IS NOT NULL
  AND ticket.resolved_at >= %(since)s
GROUP BY GROUPING SETS ((asset.kind, ticket.component), (foreseen.model_id))
ORDER BY served DESC, asset.kind, ticket.component, foreseen.model_id
