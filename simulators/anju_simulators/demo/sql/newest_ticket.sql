-- The ticket that was opened last.
SELECT title_zh, title_en, origin, opened_at
FROM ticket
WHERE community_id = %(community)s
ORDER BY opened_at DESC, id DESC
LIMIT 1
