UPDATE batch SET payload = :payload, bytes = :bytes WHERE rowid = :rowid
