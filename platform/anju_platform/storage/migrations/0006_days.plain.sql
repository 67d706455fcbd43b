-- Daily partitions of telemetry: made before the first row of a day, dropped when the day is no longer kept.

-- Attaching takes no lock that a writer of another day would wait for, unlike CREATE TABLE … PARTITION OF.
CREATE FUNCTION telemetry_ensure_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'telemetry_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('anju telemetry days', 0));
    -- by a query with a snapshot of its own: to_regclass may remember what was so before the lock
    IF NOT EXISTS (
        SELECT FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'telemetry'::regclass AND child.relname = part
    ) THEN
        EXECUTE format('CREATE TABLE %I (LIKE telemetry INCLUDING ALL)', part);
        EXECUTE format(
            'ALTER TABLE telemetry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
        );
    END IF;
END $$;

-- Drops the days that lie wholly before `cutoff`; how many.
CREATE FUNCTION telemetry_drop_before(cutoff timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('anju telemetry days', 0));
    FOR part IN
        SELECT child.relname
        FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'telemetry'::regclass
            AND (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= cutoff
        ORDER BY child.relname
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
