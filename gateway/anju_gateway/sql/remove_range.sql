DELETE FROM batch WHERE stream = :stream AND seq BETWEEN :first AND :last RETURNING samples, bytes
