-- The same functions as on the plain flavour; a hypertable makes its chunks by itself.

CREATE FUNCTION telemetry_ensure_day(day date) RETURNS void LANGUAGE sql AS 'SELECT';

-- Drops the days that lie wholly before `cutoff`; how many.
CREATE FUNCTION telemetry_drop_before(cutoff timestamptz) RETURNS integer LANGUAGE sql AS $$
    SELECT count(*)::integer FROM drop_chunks('telemetry', older_than => cutoff)
$$;
