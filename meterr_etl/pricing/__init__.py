"""Which unit price holds for a token of a model on a date, in exact decimals (DESIGN §8)."""
