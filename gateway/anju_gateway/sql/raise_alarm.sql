INSERT OR IGNORE INTO alarm (asset, code) VALUES (:asset, :code)
