-- Hours whose rollup is still behind the readings, the hours after the watermark apart.
SELECT count(*)
FROM rollup_due
WHERE hour < %(until)s
