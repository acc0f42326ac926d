"""Copies of databases: what many tests begin with is made once, and each gets its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest

from meterr_etl.settings import settings

if TYPE_CHECKING:
    from tests.conftest import PostgresServer


@dataclass(frozen=True)
class Pair:
    """The URLs of a source and of the warehouse that was filled from it."""

    source: str = field(repr=False)
    warehouse: str = field(repr=False)


Prepare = Callable[[Pair], None]


@dataclass
class Prepared:
    """Makes a source and a warehouse ready once per way of doing so, and copies them."""

    postgres: PostgresServer
    migrated_template: str
    kept_until_end: ExitStack
    _made: dict[Prepare, tuple[str, str]] = field(default_factory=dict, init=False)

    @contextmanager
    def copied(self, prepare: Prepare, patch: pytest.MonkeyPatch) -> Iterator[Pair]:
        """Yield copies as `prepare` left them, which METERR_SOURCE_URL and its fellow name."""
        if prepare not in self._made:
            self._made[prepare] = self._make(prepare)
        source, warehouse = self._made[prepare]
        with (
            self.postgres.database("source", template=source) as source_copy,
            self.postgres.database("warehouse", template=warehouse) as warehouse_copy,
        ):
            yield self._announced(source_copy, warehouse_copy, patch)
        settings.cache_clear()

    def _make(self, prepare: Prepare) -> tuple[str, str]:
        source = self.kept_until_end.enter_context(self.postgres.database("prepared_source"))
        warehouse = self.kept_until_end.enter_context(
            self.postgres.database("prepared_warehouse", template=self.migrated_template)
        )
        with pytest.MonkeyPatch.context() as patch:
            prepare(self._announced(source, warehouse, patch))
        settings.cache_clear()
        # dbt keeps its last session open; a database in use can't be copied.
        with psycopg.connect(self.postgres.admin_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s)",
                ([source, warehouse],),
            )
        return source, warehouse

    def _announced(self, source: str, warehouse: str, patch: pytest.MonkeyPatch) -> Pair:
        pair = Pair(self.postgres.url(source), self.postgres.url(warehouse))
        patch.setenv("METERR_SOURCE_URL", pair.source)
        patch.setenv("METERR_WAREHOUSE_URL", pair.warehouse)
        settings.cache_clear()
        return pair
