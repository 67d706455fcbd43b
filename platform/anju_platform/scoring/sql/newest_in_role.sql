SELECT id, as_of, role, why_not, artifact FROM model WHERE role = %(role)s::text ORDER BY id DESC LIMIT 1
