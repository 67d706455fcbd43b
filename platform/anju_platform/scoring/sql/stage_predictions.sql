CREATE TEMPORARY TABLE staged_prediction (
    asset_key text, component text, p_24h real, p_72h real, p_7d real, p_30d real, low real, high real,
    expected_at timestamptz, reasons jsonb
) ON COMMIT DROP
