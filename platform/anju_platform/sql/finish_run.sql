UPDATE job_run SET finished_at = clock_timestamp(), outcome = %(outcome)s, detail = %(detail)s WHERE id = %(id)s;
