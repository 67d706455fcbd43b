SELECT telemetry_ensure_day(day) FROM unnest(%(days)s::date[]) AS day ORDER BY day;
