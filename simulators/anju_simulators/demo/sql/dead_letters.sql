-- Messages that could not be read and still can't.
SELECT count(*)
FROM dead_letter
WHERE replayed_at IS NULL
