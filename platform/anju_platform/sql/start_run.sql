INSERT INTO job_run (job, as_of, started_at) VALUES (%(job)s, %(as_of)s, clock_timestamp()) RETURNING id;
