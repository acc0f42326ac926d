"""Sources: each is a folder with a typed header (source.toml) and one mapping (events.sql)."""
