"""The ledger (schema `ops`): what was tried, what it read, what it published."""
