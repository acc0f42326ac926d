"""The steps of a run, each a transaction over the run's own tables (DESIGN §3)."""
