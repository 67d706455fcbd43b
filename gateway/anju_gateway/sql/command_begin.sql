INSERT INTO command (id, expires_us, correlation) VALUES (:id, :expires_us, :correlation)
