COPY staged_prediction (asset_key, component, p_24h, p_72h, p_7d, p_30d, low, high, expected_at, reasons) FROM STDIN
