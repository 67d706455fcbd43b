-- What became of components that were held out: of each the first prediction in every 91 days, once its horizon has
-- passed, and whether the component failed within it.
WITH first AS (
    SELECT prediction.asset_id, prediction.component, min(prediction.as_of) AS as_of
    FROM prediction
    JOIN asset ON asset.id = prediction.asset_id
    WHERE prediction.held_out AND asset.community_id = %(community)s AND prediction.as_of >= %(since)s
    GROUP BY prediction.asset_id, prediction.component, (extract(epoch FROM prediction.as_of)::bigint / (91 * 86400))
)
SELECT count(*) FILTER (
           WHERE EXISTS (
               SELECT 1 FROM repair
               WHERE repair.asset_id = first.asset_id AND repair.component = first.component
                 AND repair.cause = 'corrective' AND repair.fault_found
                 AND repair.opened_at >= first.as_of AND repair.opened_at < first.as_of + %(horizon)s
           )
       ) AS needed,
       count(*) AS served
FROM first
WHERE first.as_of + %(horizon)s <= %(now)s
