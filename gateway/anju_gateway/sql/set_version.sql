UPDATE outbox SET version = :version
