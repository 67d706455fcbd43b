DELETE FROM dead_letter WHERE replayed_at < %(cutoff)s;
