SELECT stream, produced, committed, queued, last_seq FROM account
