-- Drops the oldest day that lies wholly before `cutoff`; whether there was one. A transaction drops one day at most, so
-- that nothing else waits while it waits for a reader of that day. Only a day's name is read as a date, whichever
-- order the planner finds best: it may test names before it knows whose partitions they are.
CREATE FUNCTION telemetry_drop_oldest_before(cutoff timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('anju telemetry days', 0));
    SELECT min(child.relname) INTO part
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'telemetry'::regclass
        AND CASE WHEN child.relname ~ '^telemetry_\d{8}$'
            THEN (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= cutoff
        END;
    IF part IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', part);
    RETURN true;
END $$;

DROP FUNCTION telemetry_drop_before(timestamptz);
