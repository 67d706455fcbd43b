SELECT e.id, a.key AS asset, a.community_id AS community, e.at, e.code, e.state, e.severity, e.value, e.vendor_code,
       e.text, c.at AS cleared_at
FROM event AS e
JOIN asset AS a ON a.id = e.asset_id
LEFT JOIN LATERAL (
    SELECT min(n.at) AS at
    FROM event AS n
    WHERE e.state = 'raise' AND n.state = 'clear' AND n.asset_id = e.asset_id AND n.code = e.code AND n.at >= e.at
) AS c ON true
WHERE (%(community)s::text IS NULL OR a.community_id = %(community)s::text)
  AND (%(asset)s::text IS NULL OR a.key = %(asset)s::text)
  AND (%(code)s::text IS NULL OR e.code = %(code)s::text)
  AND (%(severity)s::text IS NULL OR e.severity = %(severity)s::text)
  AND (NOT %(begun)s::boolean OR e.state <> 'clear')
  AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s::timestamptz)
  AND (%(after_at)s::timestamptz IS NULL OR (e.at, e.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY e.at DESC, e.id DESC
LIMIT %(limit)s::int
