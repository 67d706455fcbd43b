-- The model in use and what it says of itself.
SELECT as_of, metrics
FROM model
WHERE role = 'champion'
