"""Reference data that people review as one file per tenant: loaded, tried, and as it stood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Generic, LiteralString, TypeVar

from psycopg import sql
from psycopg.types.json import Jsonb

from meterr_etl.ledger.changes import lock_changes, open_change
from meterr_etl.reviewed_files import TenantFile
from meterr_etl.warehouse.connection import Connection

Content = TypeVar("Content", bound=TenantFile)


@dataclass(frozen=True)
class Held(Generic[Content]):
    """What one tenant's file says, and the reference version that brought it."""

    content: Content
    version: int


@dataclass(frozen=True)
class Loaded:
    """What loading a file came to; `reference_version` is None where nothing changed.

    `doubts` say which of it may meet nothing.
    """

    tenant_id: str
    reference_version: int | None
    changed_from: date | None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class TenantFiles(Generic[Content]):
    """One table of `reference` with a row per tenant and version of its file, append-only.

    `column` holds the content as JSON, `proposals` is the table of `ops` in which a what-if finds
    what it tries, and `kind` names the change in the log of reference data.
    """

    model: type[Content]
    table: str
    column: str
    proposals: str
    kind: str

    def load(self, connection: Connection, found: Content) -> Loaded:
        """Make a file that of its tenant; what held until now is retired, not edited.

        Published days since `changed_from` then need re-rating.
        """
        tenant_id = found.tenant_id
        lock_changes(connection)
        former = self._of_tenant(connection, tenant_id)
        if former == found:
            return Loaded(tenant_id, None, None)
        changed_from = found.first_changed_day(former)
        detail = {"tenant_id": tenant_id, "changed_from": str(changed_from)}
        version = open_change(connection, self.kind, detail)
        connection.execute(
            self._sql(
                "update {table} set retired_by = %s where tenant_id = %s and retired_by is null"
            ),
            (version, tenant_id),
        )
        connection.execute(
            self._sql(
                "insert into {table} (tenant_id, {column}, changed_from, reference_version)"
                " values (%s, %s, %s, %s)"
            ),
            (tenant_id, _as_json(found), changed_from, version),
        )
        return Loaded(tenant_id, version, changed_from)

    def as_of(self, connection: Connection, reference_version: int | None) -> list[Held[Content]]:
        """Return the file of every tenant as it stood at a reference version; None is now."""
        rows = connection.execute(
            self._sql(
                "select {column}, reference_version from {table}"
                " where (%(as_of)s::bigint is null or reference_version <= %(as_of)s)"
                " and (retired_by is null or retired_by > %(as_of)s) order by tenant_id"
            ),
            {"as_of": reference_version},
        ).fetchall()
        return [Held(self.model.model_validate(said), int(str(version))) for said, version in rows]

    def propose(self, connection: Connection, run_id: str, found: Content) -> None:
        """Let a what-if take this file in place of that of its tenant."""
        connection.execute(
            self._sql("insert into {proposals} (run_id, {column}) values (%s, %s)"),
            (run_id, _as_json(found)),
        )

    def of_run(
        self, connection: Connection, run_id: str, reference_version: int
    ) -> list[Held[Content]]:
        """Return the files that a run goes by: those in force, and the one that it tries."""
        held = self.as_of(connection, reference_version)
        row = connection.execute(
            self._sql("select {column} from {proposals} where run_id = %s"), (run_id,)
        ).fetchone()
        if row is None:
            return held
        proposed = Held(self.model.model_validate(row[0]), reference_version)
        others = [one for one in held if one.content.tenant_id != proposed.content.tenant_id]
        return [*others, proposed]

    def changed_days(
        self, connection: Connection, first: date, last: date, tenant_id: str | None = None
    ) -> list[date]:
        """Return the published days for which a file has changed since they were published."""
        rows = connection.execute(
            self._sql(
                "select d.event_date from ops.published_days as d"
                " where d.event_date between %(first)s and %(last)s and exists ("
                " select from {table} as r"
                " where r.reference_version > d.reference_version"
                " and r.changed_from <= d.event_date"
                " and (%(tenant)s::text is null or r.tenant_id = %(tenant)s)) order by 1"
            ),
            {"first": first, "last": last, "tenant": tenant_id},
        ).fetchall()
        return [row[0] for row in rows if isinstance(row[0], date)]

    def _of_tenant(self, connection: Connection, tenant_id: str) -> Content | None:
        row = connection.execute(
            self._sql("select {column} from {table} where tenant_id = %s and retired_by is null"),
            (tenant_id,),
        ).fetchone()
        return self.model.model_validate(row[0]) if row else None

    def _sql(self, text: LiteralString) -> sql.Composed:
        return sql.SQL(text).format(
            table=sql.Identifier("reference", self.table),
            proposals=sql.Identifier("ops", self.proposals),
            column=sql.Identifier(self.column),
        )


def _as_json(content: TenantFile) -> Jsonb:
    return Jsonb(content.model_dump(mode="json", exclude_unset=True))
