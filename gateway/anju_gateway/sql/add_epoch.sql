INSERT INTO outbox (epoch, version) VALUES (:epoch, :version)
