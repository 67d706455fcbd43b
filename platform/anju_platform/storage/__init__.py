"""The database: migrations, flavours, partitions, rollups, retention, how SQL files are loaded."""
