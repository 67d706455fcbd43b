UPDATE command SET state = %(state)s, answer = coalesce(%(answer)s, answer) WHERE id = %(id)s
