SELECT rowid, stream, at_us, samples, payload FROM batch WHERE rowid > :after ORDER BY rowid LIMIT 1
