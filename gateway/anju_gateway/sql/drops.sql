SELECT stream, reason, samples FROM dropped
