"""The pipeline's fixtures: a source, a warehouse, and a night over them."""

from tests.integration.pipeline.conftest import night, source, warehouse

__all__ = ["night", "source", "warehouse"]
