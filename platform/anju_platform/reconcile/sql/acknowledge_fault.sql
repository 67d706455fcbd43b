UPDATE gateway_fault SET acknowledged_at = %(now)s, acknowledged_by = %(actor)s, note = %(note)s WHERE id = %(id)s;
