-- The moment for which every asset was scored last.
SELECT max(as_of)
FROM job_run
WHERE job = 'score' AND outcome = 'done'
