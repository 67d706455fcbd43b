DELETE FROM ledger WHERE committed_at < %(cutoff)s;
