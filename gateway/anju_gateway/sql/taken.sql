SELECT seq, at_us FROM batch WHERE stream = :stream AND seq BETWEEN :seq AND :last ORDER BY seq LIMIT 1
