SELECT gateway.account, coalesce(clock.observations, '[]') AS observations, coalesce(clock.is_wrong, false) AS is_wrong
FROM gateway LEFT JOIN gateway_clock AS clock ON clock.community_id = gateway.community_id AND clock.gateway_id = gateway.id
WHERE gateway.community_id = %(community)s AND gateway.id = %(gateway)s
FOR UPDATE OF gateway;
