"""An exported October: its own usage of many kinds, and corrections of a closed September."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.allocation.versions import load_rules
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import load_charges
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.exports.files import FileFormat
from meterr_etl.exports.focus import export_focus
from tests.integration.billing.conftest import (
    INPUT_ALONE,
    LAST_OF_SEPTEMBER,
    OCTOBER,
    _announce,
    _end_sessions,
    run_night,
    run_october,
    templates,
)
from tests.integration.pipeline.conftest import SourceTables, Warehouse, an_id, at

from .exported import Exported, read

__all__ = ["templates"]

# Cached tokens, reasoning, a search, long contexts, no project; batch, audio and the last have no
# price in this October.
KINDS: tuple[dict[str, object], ...] = (
    {"cache_read_tokens": 400, "output_tokens": 90},
    {"model": "gpt-4o", "is_batch": True},
    {"model": "gpt-4o-mini", "project_id": None},
    {"provider": "openai", "model": "o3", "reasoning_tokens": 60},
    {"model": "gpt-4o-audio-preview", "input_audio_tokens": 500, "output_audio_tokens": 30},
    {
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "input_tokens": 250_000,
        "cache_write_5m_tokens": 1_000,
        "cache_write_1h_tokens": 2_000,
        "web_search_requests": 3,
    },
    {"provider": "google", "model": "gemini-2.5-pro", "input_tokens": 300_000},
    {"organization_id": an_id("globex"), "project_id": None},
    {"model": "llama-at-home"},
)
# What is billed beside usage: all month and invoiced at its begin, once, and taken off.
CHARGES = TenantCharges.model_validate(
    {
        "tenant_id": str(an_id("acme")),
        "charges": [
            {
                "name": "seats", "kind": "subscription", "provider": "openai", "amount": "100",
                "valid_from": str(OCTOBER), "valid_to": "2026-11-01",
            },
            {
                "name": "setup", "kind": "fee", "provider": "anthropic", "amount": "5.5",
                "valid_from": "2026-10-02", "cost_center": "CC-1", "billed_on": "2026-10-04",
            },
            {
                "name": "goodwill", "kind": "credit", "provider": "openai", "amount": "0.25",
                "valid_from": str(OCTOBER), "valid_to": "2026-10-04",
            },
            {
                "name": "ahead", "kind": "commitment", "provider": "anthropic", "amount": "9.75",
                "valid_from": str(OCTOBER), "valid_to": "2026-11-01",
            },
        ],
    }
)  # fmt: skip
# Nothing off by itself, and half off what exceeds the hundredth part of a cent by list.
CONTRACT = Contract.model_validate(
    {
        "tenant_id": str(an_id("acme")),
        "terms": [
            {
                "name": "mini by volume", "model": "gpt-4o-mini", "percent_off": "0",
                "valid_from": str(OCTOBER), "tiers": [{"above": "0.0001", "percent_off": "50"}],
            }
        ],
    }
)  # fmt: skip
# Seats and what was taken off are borne by three alike, which no decimal says.
RULES = AllocationRules.model_validate(
    {
        "tenant_id": str(an_id("acme")),
        "method": "step_down",
        "pools": [{"name": "shared", "filter": {"token_type": ["subscription", "credit"]}}],
        "rules": [
            {
                "pool": "shared", "valid_from": str(OCTOBER), "weights": "even",
                "targets": [
                    {"team": str(an_id("platform"))}, {"project": str(an_id("search"))},
                    {"cost_center": "CC-9"},
                ],
            }
        ],
    }
)  # fmt: skip
GRANTED = "insert into ops.reader_tenants values ('meterr_analyst', '*')"


def add_october(source: SourceTables) -> None:
    """Add October's usage, and what arrives in October for a September that is billed."""
    for kind in KINDS:
        for day in (OCTOBER, OCTOBER.replace(day=2)):
            source.add_event(day, **kind)
    source.add_event(LAST_OF_SEPTEMBER, updated_at=at(OCTOBER, 3), **INPUT_ALONE)
    source.execute(
        "update public.token_usage set model = 'gpt-4o-mini',"
        f" updated_at = '{at(OCTOBER, 1)}' where created_at < '{at(OCTOBER, 0)}'"
        f" and updated_at < '{at(OCTOBER, 0)}'"
    )


@pytest.fixture(scope="module")
def october(postgres: object, templates: tuple[str, str, str]) -> Iterator[Warehouse]:
    """A warehouse with October published and open; `meterr_analyst` reads all tenants."""
    with (
        postgres.database("focus_source", template=templates[0]) as source,  # type: ignore[attr-defined]
        postgres.database("focus", template=templates[2]) as name,  # type: ignore[attr-defined]
        pytest.MonkeyPatch.context() as patch,
    ):
        _announce(patch, postgres, source, name)  # type: ignore[arg-type]
        tables = SourceTables(postgres.url(source))  # type: ignore[attr-defined]
        next(tables._serial)
        add_october(tables)
        load_charges(CHARGES)
        load_contract(CONTRACT)
        load_rules(RULES)
        run_night(OCTOBER)
        run_october()
        warehouse = Warehouse(postgres.url(name))  # type: ignore[attr-defined]
        warehouse.change(GRANTED)
        # The source tells no region; a published line may bear one.
        warehouse.change(
            "update marts.fct_usage_cost_daily set region = 'eu' where model = 'gpt-4o'"
            f" and charge_date >= '{OCTOBER}'"
        )
        yield warehouse
        _end_sessions(postgres, name)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def files(october: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """October as CSV and as Parquet."""
    folder = tmp_path_factory.mktemp("focus")
    csv, parquet = (
        export_focus(OCTOBER, file_format, folder).file
        for file_format in (FileFormat.CSV, FileFormat.PARQUET)
    )
    return csv, parquet


@pytest.fixture(scope="module")
def exported(files: tuple[Path, Path]) -> Exported:
    """October as the rules see it."""
    return read(*files)
