INSERT INTO community (id, label_zh, label_en, created_at)
VALUES (%(community)s, %(zh)s, %(en)s, %(now)s)
ON CONFLICT (id) DO UPDATE SET label_zh = excluded.label_zh, label_en = excluded.label_en
WHERE community.label_zh = community.id AND community.label_en = community.id
    AND (excluded.label_zh, excluded.label_en) IS DISTINCT FROM (community.label_zh, community.label_en);
