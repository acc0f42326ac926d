"""Allocation: dated rules that distribute shared cost, and the exact shares that they come to."""
