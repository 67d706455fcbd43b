UPDATE community SET imported_until = greatest(imported_until, %(until)s) WHERE id = %(community)s;
