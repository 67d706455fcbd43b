SELECT id FROM ticket WHERE state = 'resolved' AND resolved_at <= %(resolved_until)s ORDER BY id
