SELECT coalesce((SELECT min(seq) FROM batch WHERE stream = :stream), 1),
       coalesce((SELECT max(seq) FROM batch WHERE stream = :stream), 0)
