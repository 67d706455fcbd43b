UPDATE model SET metrics = metrics || jsonb_build_object('drift', %(drift)s::jsonb) WHERE id = %(id)s
