UPDATE dead_letter SET reason = 'refused', detail = %(detail)s WHERE id = %(id)s;
