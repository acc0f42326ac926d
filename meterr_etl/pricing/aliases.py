"""Aliases: which model of the rate book a source means by a name that it does not know."""

from __future__ import annotations

from dataclasses import dataclass

from meterr_etl.errors import InputError
from meterr_etl.ledger.changes import lock_changes, open_change
from meterr_etl.pricing.names import suggest_alias
from meterr_etl.warehouse.connection import Connection, warehouse


@dataclass(frozen=True)
class Alias:
    """One alias, and the reference version that it made; None where it held already."""

    provider: str
    model: str
    target: str
    reference_version: int | None


def add_alias(provider: str, model: str, target: str, reason: str) -> Alias:
    """Record that a source's two names mean the model `provider/model` of the rate book.

    Append-only: an alias that held until now is retired, not edited. Only days that used the
    name need re-rating.

    Raises:
        InputError: the rate book has no such model.
    """
    provider_id, _, model_id = target.partition("/")
    with warehouse("meterr_loader", application_name="meterr prices alias") as connection:
        _require_rates(connection, provider_id, model_id)
        lock_changes(connection)
        held = connection.execute(
            "select provider_id, model_id from reference.model_aliases"
            " where (provider, model) = (%s, %s) and retired_by is null",
            (provider, model),
        ).fetchone()
        if held == (provider_id, model_id):
            return Alias(provider, model, target, None)
        detail = {"provider": provider, "model": model, "target": target, "reason": reason}
        version = open_change(connection, "alias", detail)
        connection.execute(
            "update reference.model_aliases set retired_by = %s"
            " where (provider, model) = (%s, %s) and retired_by is null",
            (version, provider, model),
        )
        connection.execute(
            "insert into reference.model_aliases (provider, model, provider_id, model_id, reason,"
            " reference_version) values (%s, %s, %s, %s, %s, %s)",
            (provider, model, provider_id, model_id, reason, version),
        )
    return Alias(provider, model, target, version)


def suggested_aliases(connection: Connection, run_id: str | None = None) -> list[dict[str, object]]:
    """Return each unknown name of the published days with a known one close to it, most used first.

    With a run, only the names of its days.
    """
    rows = connection.execute(
        "select provider, model, sum(consumed_quantity) from marts.unpriced_usage_daily"
        " where (reason like '%%unknown_model%%' or reason like '%%unknown_provider%%')"
        " and (%(run)s::text is null or charge_date in"
        " (select event_date from ops.run_days where run_id = %(run)s))"
        " group by 1, 2 order by 3 desc limit 50",
        {"run": run_id},
    ).fetchall()
    return [
        {
            "provider": provider,
            "model": model,
            "quantity": quantity,
            "suggested": suggest_alias(str(provider), str(model)),
        }
        for provider, model, quantity in rows
    ]


def _require_rates(connection: Connection, provider_id: str, model_id: str) -> None:
    row = connection.execute(
        "select 1 from reference.rates where (provider_id, model_id) = (%s, %s)"
        " and retired_by is null limit 1",
        (provider_id, model_id),
    ).fetchone()
    if row is None:
        raise InputError(
            f"The rate book has no model '{provider_id}/{model_id}'.",
            remedy="Write it as provider/model; `meterr prices show MODEL` finds it.",
        )
