SELECT id, correlation, response FROM command WHERE told = 0 AND response IS NOT NULL ORDER BY expires_us
