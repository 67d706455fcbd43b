"""Communities, gateways, assets and points; their readings and events; the import of a history."""
