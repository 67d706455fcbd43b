-- Whoever holds the job's lock knows that an unfinished run of it has died.
UPDATE job_run SET finished_at = clock_timestamp(), outcome = 'failed', detail = '{"error": "interrupted"}'
WHERE job = %(job)s AND finished_at IS NULL;
