"""Contract rates: what a tenant pays instead of the list price, as versioned reference data."""
