UPDATE dead_letter SET replayed_at = %(now)s WHERE id = ANY (%(ids)s::bigint[]);
