SELECT id, as_of, role, why_not FROM model ORDER BY id DESC LIMIT 1
