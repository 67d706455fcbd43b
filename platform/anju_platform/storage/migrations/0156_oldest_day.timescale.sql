-- Drops the oldest day that lies wholly before `cutoff`; whether there was one. The chunk is locked before its index,
-- which is the order of every reader: drop_chunks by itself begins with the index and would deadlock with them. A
-- transaction drops one day at most, because readers of several days lock them in an order of their own.
CREATE FUNCTION telemetry_drop_oldest_before(cutoff timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    chunk text;
    ends timestamptz;
BEGIN
    SELECT format('%I.%I', chunk_schema, chunk_name), range_end INTO chunk, ends
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = current_schema() AND hypertable_name = 'telemetry' AND range_end <= cutoff
    ORDER BY range_end LIMIT 1;
    IF chunk IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', chunk);
    PERFORM drop_chunks('telemetry', older_than => ends);
    RETURN true;
END $$;

DROP FUNCTION telemetry_drop_before(timestamptz);
