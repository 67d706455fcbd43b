SELECT pg_notify('anju_change', %(payload)s);
