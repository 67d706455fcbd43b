-- The newest announcement of an asset counts; what it leaves out stays as it was.
INSERT INTO asset (
    community_id, code, kind, model, label_zh, label_en, location, installed_on, gateway_id, attributes,
    first_seen_at, announced_at
)
SELECT
    %(community)s, item.code, item.kind, item.model, item.label_zh, item.label_en, item.location, item.installed_on,
    %(gateway)s::text, item.attributes, %(now)s, %(announced_at)s::timestamptz
FROM jsonb_to_recordset(%(assets)s::jsonb) AS item (
    code text, kind text, model text, label_zh text, label_en text, location text, installed_on date, attributes jsonb
)
ORDER BY item.code
ON CONFLICT (community_id, code) DO UPDATE SET
    kind = excluded.kind,
    model = excluded.model,
    label_zh = coalesce(excluded.label_zh, asset.label_zh),
    label_en = coalesce(excluded.label_en, asset.label_en),
    location = coalesce(excluded.location, asset.location),
    installed_on = coalesce(excluded.installed_on, asset.installed_on),
    gateway_id = coalesce(excluded.gateway_id, asset.gateway_id),
    attributes = asset.attributes || excluded.attributes,
    announced_at = excluded.announced_at
WHERE (asset.announced_at IS NULL OR asset.announced_at <= excluded.announced_at)
    AND (
        asset.kind, asset.model, asset.label_zh, asset.label_en, asset.location, asset.installed_on,
        asset.gateway_id, asset.attributes, asset.announced_at
    ) IS DISTINCT FROM (
        excluded.kind, excluded.model, coalesce(excluded.label_zh, asset.label_zh),
        coalesce(excluded.label_en, asset.label_en), coalesce(excluded.location, asset.location),
        coalesce(excluded.installed_on, asset.installed_on), coalesce(excluded.gateway_id, asset.gateway_id),
        asset.attributes || excluded.attributes, excluded.announced_at
    );
