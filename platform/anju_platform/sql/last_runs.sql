-- The last good run's event time, and how long ago the job failed if its newest finished run did.
SELECT
    (SELECT as_of FROM job_run WHERE job = %(job)s AND outcome = 'done' ORDER BY as_of DESC LIMIT 1) AS done_as_of,
    (
        SELECT CASE WHEN outcome = 'failed' THEN now() - finished_at END
        FROM job_run WHERE job = %(job)s AND finished_at IS NOT NULL
        ORDER BY id DESC LIMIT 1
    ) AS failed_ago;
