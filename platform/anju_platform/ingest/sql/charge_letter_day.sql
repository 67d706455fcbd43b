UPDATE dead_letter_day SET
    letters = letters + %(letters)s,
    bytes = bytes + %(bytes)s,
    not_kept_letters = not_kept_letters + %(not_kept_letters)s,
    not_kept_bytes = not_kept_bytes + %(not_kept_bytes)s
WHERE community_id = %(community)s AND gateway_id = %(gateway)s AND day = %(day)s;
