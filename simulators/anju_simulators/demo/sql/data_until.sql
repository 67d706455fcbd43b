-- The newest reading of the community in the live span.
SELECT max(watermark_at)
FROM gateway
WHERE community_id = %(community)s
