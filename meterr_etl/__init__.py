"""Turns raw token-usage events into cost per tenant, team and cost center, exactly and gated."""
