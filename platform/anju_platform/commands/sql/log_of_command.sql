SELECT at, act, detail FROM command_log WHERE command_id = %(id)s ORDER BY id
