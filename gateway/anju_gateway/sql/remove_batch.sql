DELETE FROM batch WHERE stream = :stream AND seq = :seq
