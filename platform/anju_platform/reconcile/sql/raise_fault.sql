INSERT INTO gateway_fault (community_id, gateway_id, code, epoch, stream, raised_at, amount, detail)
VALUES (
    %(community)s, %(gateway)s, %(code)s, %(epoch)s, %(stream)s, %(now)s, %(amount)s, %(detail)s
)
ON CONFLICT (community_id, gateway_id, code, epoch, stream) WHERE cleared_at IS NULL DO NOTHING;
