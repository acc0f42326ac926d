"""The event contract: one model of a canonical event, and all that is derived from it."""
