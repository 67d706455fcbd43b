UPDATE prediction SET ticket_id = %(ticket_id)s WHERE id = %(id)s
