SELECT rowid, stream, payload FROM batch WHERE rowid > :after ORDER BY rowid LIMIT 1
