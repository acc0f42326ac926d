"""Billing periods: frozen month by month with a certificate, never rewritten (DESIGN §8)."""
