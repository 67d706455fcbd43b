SELECT seq, at_us, samples, payload FROM batch
WHERE stream = :stream AND seq > :after AND seq <= :up_to ORDER BY seq LIMIT :most
