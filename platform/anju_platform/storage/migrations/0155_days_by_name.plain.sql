-- Drops the days that lie wholly before `cutoff`; how many. Only a day's name is read as a date, whichever order the
-- planner finds best: it may test names before it knows whose partitions they are.
CREATE OR REPLACE FUNCTION telemetry_drop_before(cutoff timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('anju telemetry days', 0));
    FOR part IN
        SELECT child.relname
        FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'telemetry'::regclass
            AND CASE WHEN child.relname ~ '^telemetry_\d{8}$'
                THEN (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= cutoff
            END
        ORDER BY child.relname
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
