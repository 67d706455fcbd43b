SELECT max(as_of) FROM community_progress;
