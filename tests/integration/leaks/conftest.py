"""The pipeline's fixtures: a source, a warehouse, and a night over them."""

from tests.integration.pipeline.conftest import night, pair, source, warehouse

__all__ = ["night", "pair", "source", "warehouse"]
