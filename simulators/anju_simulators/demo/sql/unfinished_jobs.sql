-- Runs of jobs that are still going on.
SELECT count(*)
FROM job_run
WHERE finished_at IS NULL
