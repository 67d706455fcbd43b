CREATE TABLE IF NOT EXISTS command_memory (since_us INTEGER NOT NULL, forgotten_us INTEGER NOT NULL);
