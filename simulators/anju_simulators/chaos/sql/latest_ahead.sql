-- Latest values from the future.
SELECT count(*)
FROM latest
WHERE at > %(now)s
