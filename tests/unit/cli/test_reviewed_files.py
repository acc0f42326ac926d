"""`contracts check` and `charges check` judge a file, and its names where a warehouse can."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

CONTRACT = "tenant_id: acme\nterms: [{name: a, percent_off: 5, valid_from: 2026-11-01%s}]\n"
CHARGES = (
    "tenant_id: acme\ncharges:\n"
    "  - {name: ahead, kind: commitment, provider: openai, amount: 5, valid_from: 2026-11-01,\n"
    "     valid_to: 2026-12-01}\n"
)
SEEN = (
    "insert into staging.owners (owner_key, tenant_id) values (1, 'acme');"
    "insert into reference.changes (kind) values ('rates');"
    "insert into reference.rates (rate_id, catalogue, catalogue_version, provider_id, model_id,"
    " token_type, processing_mode, service_tier, context_above_tokens, time_of_day_from,"
    " valid_from, unit_price, currency, reference_version) select 'r', 'c', '1', 'openai', 'm',"
    " 'output', 'sync', 'standard', 0, '00:00', '2026-01-01', 1, 'USD', max(reference_version)"
    " from reference.changes"
)


@pytest.fixture(params=["contracts", "charges"])
def reviewed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A command group and a good file for it, which names a provider."""
    path = tmp_path / "reviewed.yml"
    path.write_text(CONTRACT % ", provider: openai" if request.param == "contracts" else CHARGES)
    return request.param, str(path)


def test_without_a_warehouse_a_file_is_checked_and_its_names_are_said_to_be_unjudged(
    meterr, reviewed
):
    group, path = reviewed
    outcome = meterr(group, "check", path, "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["doubts"] == []
    assert "names were not compared with the warehouse: METERR_WAREHOUSE_URL" in outcome.told()


def test_charges_of_a_tenant_that_nobody_has_seen_are_refused(meterr, tmp_path, warehouse_db):
    (tmp_path / "charges.yml").write_text(CHARGES)
    outcome = meterr("charges", "check", str(tmp_path / "charges.yml"))
    assert outcome.code == 2
    assert "The file names the tenant 'acme', which no event" in outcome.told()


def test_contract_of_a_tenant_that_nobody_has_seen_is_told(meterr, tmp_path, warehouse_db):
    (tmp_path / "contract.yml").write_text(CONTRACT % "")
    outcome = meterr("contracts", "check", str(tmp_path / "contract.yml"))
    assert outcome.code == 0
    assert "Doubtful: The file names the tenant 'acme', which no event" in outcome.err


def test_check_and_load_tell_what_no_event_has_named(meterr, reviewed, warehouse_db):
    group, path = reviewed
    with psycopg.connect(warehouse_db) as connection:
        connection.execute(SEEN)
    for verb in ("check", "load"):
        outcome = meterr(group, verb, path, "--json")
        assert outcome.code == 0
        (doubt,) = json.loads(outcome.out)["doubts"]
        assert "names the provider 'openai', which no event has said so far" in doubt
        assert outcome.told() == f"Doubtful: {doubt}"
