SELECT seq, at_us, samples, bytes FROM batch WHERE stream = :stream ORDER BY seq LIMIT 1
