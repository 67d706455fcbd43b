SELECT since_us, forgotten_us, (SELECT count(*) FROM command) FROM command_memory
