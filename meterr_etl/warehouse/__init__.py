"""Everything that opens, names or alters what lies in the warehouse database."""
