-- A transaction that stages more than once starts from an empty table each time.
DELETE FROM staged_sample;
