SELECT id, as_of, role, why_not, artifact FROM model WHERE role = 'champion'
