DELETE FROM gateway_fault WHERE cleared_at < %(cutoff)s;
