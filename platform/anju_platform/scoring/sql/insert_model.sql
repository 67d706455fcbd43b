INSERT INTO model (as_of, trained_at, role, metrics, artifact, why_not)
VALUES (%(as_of)s, %(trained_at)s, %(role)s, %(metrics)s, %(artifact)s, %(why_not)s)
RETURNING id
