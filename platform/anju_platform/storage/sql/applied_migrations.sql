SELECT name, checksum, flavour FROM schema_migration ORDER BY name;
