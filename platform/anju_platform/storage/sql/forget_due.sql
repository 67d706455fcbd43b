DELETE FROM rollup_due WHERE community_id = %(community)s AND hour >= %(since)s AND hour < %(until)s;
