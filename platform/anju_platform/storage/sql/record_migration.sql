INSERT INTO schema_migration (name, checksum, flavour) VALUES (%(name)s, %(checksum)s, %(flavour)s);
