SELECT id, correlation FROM command WHERE response IS NULL
