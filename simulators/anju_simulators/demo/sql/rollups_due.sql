-- Hours of the live span whose rollup is still behind the readings.
SELECT count(*)
FROM rollup_due
WHERE hour >= %(since)s AND hour < %(until)s
