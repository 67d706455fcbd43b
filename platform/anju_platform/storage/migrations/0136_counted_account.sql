-- Accounts go on coming while the ledger is counted: which account the counts belong to, and what it said.
ALTER TABLE outbox_account
    ADD COLUMN counted_told_at timestamptz,
    ADD COLUMN counted_committed bigint NOT NULL DEFAULT 0,
    ADD COLUMN counted_last_seq bigint NOT NULL DEFAULT 0;
