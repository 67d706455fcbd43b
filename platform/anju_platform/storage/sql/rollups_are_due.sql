SELECT EXISTS (
    SELECT FROM rollup_due JOIN community_progress USING (community_id)
    WHERE hour + INTERVAL '1 hour' <= greatest(as_of, %(over_by)s)
);
