"""One problem, one ticket: the append-only log, its fold, and what opens, joins and closes a ticket."""
