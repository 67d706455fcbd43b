UPDATE gateway_fault SET cleared_at = %(now)s WHERE id = %(id)s AND cleared_at IS NULL;
