-- Messages that could not be stored and still can't, by reason.
SELECT reason, count(*) AS letters
FROM dead_letter
WHERE replayed_at IS NULL
GROUP BY reason
