SELECT id FROM asset WHERE key = %(key)s
