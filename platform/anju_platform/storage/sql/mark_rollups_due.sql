INSERT INTO rollup_due (community_id, hour)
SELECT * FROM unnest(%(communities)s::text[], %(hours)s::timestamptz[]);
