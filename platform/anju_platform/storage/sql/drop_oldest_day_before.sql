SELECT telemetry_drop_oldest_before(%(cutoff)s);
