"""Fills a Supabase-shaped database with made-up but realistic events."""

from meterr_etl.seed.schema import create_source_schema
from meterr_etl.seed.source import SeedReport, seed_source

__all__ = ["SeedReport", "create_source_schema", "seed_source"]
