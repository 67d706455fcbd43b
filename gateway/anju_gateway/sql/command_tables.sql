CREATE TABLE IF NOT EXISTS command (
    id TEXT PRIMARY KEY,
    expires_us INTEGER NOT NULL,
    correlation BLOB NOT NULL,
    response BLOB,
    told INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
