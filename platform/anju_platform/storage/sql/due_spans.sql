-- Only hours that are over; the newest day first, because that is what people look at.
SELECT community_id, min(hour) AS since, max(hour) + INTERVAL '1 hour' AS until
FROM rollup_due JOIN community_progress USING (community_id)
WHERE hour + INTERVAL '1 hour' <= greatest(as_of, %(over_by)s)
GROUP BY community_id, date_bin('1 day', hour, TIMESTAMPTZ '2000-01-01 00:00:00+00')
ORDER BY since DESC, community_id;
