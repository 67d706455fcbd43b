UPDATE gateway SET account = %(account)s, account_at = %(at)s
WHERE community_id = %(community)s AND id = %(gateway)s;
