-- Of two samples for one moment the one with the better quality stays, then the one with the greater value.
INSERT INTO telemetry (point_id, at, value, quality)
SELECT point_id, at, value, quality FROM staged_sample ORDER BY point_id, at
ON CONFLICT (point_id, at) DO UPDATE SET value = excluded.value, quality = excluded.quality
WHERE excluded.quality < telemetry.quality
    OR (excluded.quality = telemetry.quality AND excluded.value > telemetry.value);
