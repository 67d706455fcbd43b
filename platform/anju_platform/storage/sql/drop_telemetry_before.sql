SELECT telemetry_drop_before(%(cutoff)s);
