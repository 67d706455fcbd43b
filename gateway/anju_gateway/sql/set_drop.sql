INSERT INTO dropped (stream, reason, samples) VALUES (:stream, :reason, :samples)
ON CONFLICT (stream, reason) DO UPDATE SET samples = excluded.samples
