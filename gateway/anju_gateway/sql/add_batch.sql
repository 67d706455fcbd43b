INSERT INTO batch (stream, seq, at_us, samples, bytes, payload) VALUES (:stream, :seq, :at_us, :samples, :bytes, :payload)
