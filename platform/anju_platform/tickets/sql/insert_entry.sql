INSERT INTO ticket_log (ticket_id, version, at, actor, action, detail)
VALUES (%(ticket_id)s, %(version)s, %(at)s, %(actor)s, %(action)s, %(detail)s)
