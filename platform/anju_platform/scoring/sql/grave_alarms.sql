-- Alarms of weight that hold since before as_of: what they point at has failed, so there is nothing to foresee.
SELECT asset.key AS asset_key, asset.kind, alarm.code
FROM open_alarm AS alarm
JOIN asset ON asset.id = alarm.asset_id
WHERE alarm.raised_at < %(as_of)s AND alarm.severity IN ('major', 'critical')
