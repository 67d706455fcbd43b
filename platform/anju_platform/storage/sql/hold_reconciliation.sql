-- The lock of the reconciliation (try_reconcile_lock): a count that began before rows were deleted would give them back.
SELECT pg_advisory_xact_lock(hashtextextended('anju reconcile', 0));
