INSERT INTO command_memory SELECT :since_us, 0 WHERE NOT EXISTS (SELECT 1 FROM command_memory)
