SELECT code, id FROM asset WHERE community_id = %(community)s;
