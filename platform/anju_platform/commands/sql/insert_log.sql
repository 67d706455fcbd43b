INSERT INTO command_log (command_id, at, act, detail) VALUES (%(command_id)s, %(at)s, %(act)s, %(detail)s)
