-- What grew since somebody acknowledged it is news again.
UPDATE gateway_fault SET
    amount = %(amount)s,
    detail = %(detail)s,
    acknowledged_at = CASE WHEN %(grown)s THEN NULL ELSE acknowledged_at END
WHERE id = %(id)s AND cleared_at IS NULL;
