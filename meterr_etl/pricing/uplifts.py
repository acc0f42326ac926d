"""Regional uplifts: a reviewed file of multipliers, recorded in reference data."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from meterr_etl.ledger.changes import open_change
from meterr_etl.warehouse.connection import Connection

Key = tuple[str, str, str]
ANY_REGION = "*"


class Uplift(BaseModel):
    """One multiplier for all listed models that a provider sells in the regions, or in any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider_id: str
    regions: tuple[str, ...] = Field(min_length=1)
    models: tuple[str, ...] = Field(min_length=1)
    multiplier: Decimal = Field(gt=0)


class UpliftFile(BaseModel):
    """The whole of regional_uplifts.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uplifts: tuple[Uplift, ...]

    def by_key(self) -> dict[Key, Decimal]:
        """Return the multipliers by provider, model and region."""
        return {
            (uplift.provider_id, model, region): uplift.multiplier
            for uplift in self.uplifts
            for model in uplift.models
            for region in uplift.regions
        }


def stated_uplifts() -> dict[Key, Decimal]:
    """Return the multipliers that the package's file states."""
    text = (resources.files("meterr_etl.pricing") / "regional_uplifts.toml").read_text("utf-8")
    return UpliftFile.model_validate(tomllib.loads(text)).by_key()


def sync_uplifts(connection: Connection) -> int | None:
    """Make the uplifts in force equal to the file; returns the new reference version, if any."""
    rows = connection.execute(
        "select provider_id, model_id, region, multiplier from reference.region_uplifts"
        " where retired_by is null"
    ).fetchall()
    held = {(str(p), str(m), str(r)): Decimal(str(x)) for p, m, r, x in rows}
    stated = stated_uplifts()
    if held == stated:
        return None
    version = open_change(connection, "uplifts", {"uplifts": len(stated)})
    # Retire first: only one multiplier of a kind may be in force.
    with connection.cursor() as cursor:
        cursor.executemany(
            "update reference.region_uplifts set retired_by = %s where retired_by is null"
            " and (provider_id, model_id, region) = (%s, %s, %s)",
            [(version, *key) for key, multiplier in held.items() if stated.get(key) != multiplier],
        )
        cursor.executemany(
            "insert into reference.region_uplifts"
            " (reference_version, provider_id, model_id, region, multiplier)"
            " values (%s, %s, %s, %s, %s)",
            [
                (version, *key, multiplier)
                for key, multiplier in stated.items()
                if held.get(key) != multiplier
            ],
        )
    return version
