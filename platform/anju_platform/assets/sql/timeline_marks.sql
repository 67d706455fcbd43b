(SELECT 'event' AS lane, e.id, e.at, NULL::timestamptz AS until, e.code AS name, '' AS kind, e.severity AS tone,
        '' AS action
 FROM event AS e
 WHERE e.asset_id = %(asset_id)s::bigint
   AND e.state <> 'clear'
   AND e.at >= %(since)s::timestamptz
   AND e.at < %(until)s::timestamptz
 ORDER BY e.at DESC
 LIMIT %(limit)s::int)
UNION ALL
(SELECT 'repair', r.id, r.opened_at, r.closed_at, r.component, a.kind, r.cause, r.action
 FROM repair AS r
 JOIN asset AS a ON a.id = r.asset_id
 WHERE r.asset_id = %(asset_id)s::bigint
   AND r.opened_at >= %(since)s::timestamptz
   AND r.opened_at < %(until)s::timestamptz
 ORDER BY r.opened_at DESC
 LIMIT %(limit)s::int)
UNION ALL
(SELECT 'complaint', c.id, c.at, NULL, c.category, '', c.channel, ''
 FROM complaint AS c
 WHERE c.asset_id = %(asset_id)s::bigint
   AND c.at >= %(since)s::timestamptz
   AND c.at < %(until)s::timestamptz
 ORDER BY c.at DESC
 LIMIT %(limit)s::int)
