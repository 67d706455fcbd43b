-- Newer by event time wins, whoever comes last; for one moment the rule of merge_telemetry.
INSERT INTO latest (point_id, at, value, quality)
SELECT point_id, at, value, quality FROM staged_sample ORDER BY point_id
ON CONFLICT (point_id) DO UPDATE SET at = excluded.at, value = excluded.value, quality = excluded.quality
WHERE excluded.at > latest.at
    OR (
        excluded.at = latest.at
        AND (excluded.quality < latest.quality OR (excluded.quality = latest.quality AND excluded.value > latest.value))
    );
