SELECT id FROM ticket WHERE state = 'new' AND expires_at <= %(as_of)s ORDER BY id
