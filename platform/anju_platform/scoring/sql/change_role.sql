UPDATE model
SET role = %(role)s, why_not = %(why_not)s, metrics = metrics || jsonb_build_object('contest', %(contest)s::jsonb)
WHERE id = %(id)s
