"""Budgets: what a tenant or a part of it may cost in a month, as versioned reference data."""
