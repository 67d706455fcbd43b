INSERT INTO dead_letter (received_at, topic, community_id, gateway_id, reason, detail, payload, names, taken_at)
VALUES (
    %(received_at)s, %(topic)s, %(community)s, %(gateway)s, %(reason)s, %(detail)s, %(payload)s, %(names)s::text[],
    %(taken_at)s
);
