SELECT coalesce(max(seq), 0) FROM batch WHERE stream = :stream AND at_us < :at_us
