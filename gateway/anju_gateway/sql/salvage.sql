SELECT rowid, stream, at_us, payload FROM batch WHERE rowid > :after ORDER BY rowid LIMIT 1
