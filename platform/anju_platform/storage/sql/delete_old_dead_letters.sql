-- What has been replayed, and what nobody will ever replay. Data that waits for a birth, or for its time, stays.
DELETE FROM dead_letter
WHERE replayed_at < %(cutoff)s OR (reason NOT IN ('unknown_point', 'future') AND received_at < %(cutoff)s);
