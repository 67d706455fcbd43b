SELECT asset_id FROM ticket WHERE id = %(ticket_id)s
