"""Dated charges: what providers bill beside usage (subscriptions, fees, credits), day by day."""
