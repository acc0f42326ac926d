"""What is exported is what is billed: to the last digit, in both formats, of own tenants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Context, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from meterr_etl.billing.closing import close_period
from meterr_etl.errors import ConflictError, InputError
from meterr_etl.exports.files import FileFormat, replacing
from meterr_etl.exports.focus import export_focus
from meterr_etl.exports.parquet import DECIMALS
from meterr_etl.settings import settings
from tests.integration.billing.conftest import LATER, OCTOBER, SEPTEMBER, _end_sessions
from tests.integration.pipeline.conftest import Warehouse, an_id

from .charges import billed, changed, plant, sums
from .exported import Row, csv_rows

PICODOLLAR = Decimal("0.000000000001")


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    """Add decimals up without rounding."""
    with localcontext(Context(prec=100)):
        yield


def as_read(text: str | None, type_: str) -> object:
    """What a text of a CSV is in a column of Parquet."""
    if text is not None and type_.startswith("decimal"):
        return Decimal(text)
    return datetime.fromisoformat(text) if text and type_.startswith("timestamp") else text


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., list[Row]]:
    return lambda month=OCTOBER, **asked: csv_rows(
        export_focus(month, FileFormat.CSV, tmp_path, **asked).file
    )


def test_period_exports_what_it_bills_to_the_last_digit(
    october: Warehouse, csv_of: Callable[..., list[Row]]
) -> None:
    exported = sums(csv_of())
    assert exported == billed(october)
    assert exported["USD"][0] > 0


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_one_picodollar_in_the_cube_is_one_in_the_export(
    october: Warehouse, csv_of: Callable[..., list[Row]], currency: str
) -> None:
    before = sums(csv_of())["USD"][0]
    with changed(october, plant(PICODOLLAR, currency), plant(-PICODOLLAR, "USD")):
        after = sums(csv_of())
        assert after == billed(october)
    # A line of each of two days.
    assert sum(costs[0] for costs in after.values()) == before + 2 * PICODOLLAR


def test_csv_and_parquet_have_the_same_content(files: tuple[Path, Path]) -> None:
    csv, table = csv_rows(files[0]), parquet.read_table(files[1])
    assert list(csv[0]) == table.schema.names
    assert len(csv) == table.num_rows > 30
    for field in table.schema:
        values = [row[field.name] for row in csv]
        assert [as_read(value, str(field.type)) for value in values] == table[
            field.name
        ].to_pylist(), field.name


def test_numbers_of_a_parquet_file_are_decimals_that_every_reader_takes(
    files: tuple[Path, Path],
) -> None:
    types = {str(field.type) for field in parquet.read_schema(files[1])}
    assert types == {"string", "timestamp[ms, tz=UTC]", str(DECIMALS[0])}


def test_number_too_long_for_the_usual_decimal_is_exact_in_a_wider_one(
    october: Warehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny = Decimal("1e-36")
    with changed(october, plant(tiny, "USD"), plant(-tiny, "USD")):
        file = export_focus(OCTOBER, FileFormat.PARQUET, tmp_path).file
        expected = billed(october)["USD"][0]
    costs = parquet.read_table(file)["BilledCost"]
    assert str(costs.type) == str(DECIMALS[1])
    assert sum(costs.to_pylist()) == expected
    assert "does not fit" in caplog.text


def test_closed_period_exports_what_it_did_while_it_was_open(
    october: Warehouse, postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _end_sessions(postgres, october.url.rpartition("/")[2])
    with postgres.database("focus", template=october.url.rpartition("/")[2]) as name:
        monkeypatch.setenv("METERR_WAREHOUSE_URL", postgres.url(name))
        settings.cache_clear()
        opened = export_focus(OCTOBER, FileFormat.CSV, tmp_path / "open.csv")
        close_period(OCTOBER, LATER)
        closed = export_focus(OCTOBER, FileFormat.CSV, tmp_path / "closed.csv")
        assert (opened.is_closed, closed.is_closed) == (False, True)
        assert closed.file.read_text() == opened.file.read_text()
        assert closed.left_out_lines == opened.left_out_lines > 0
        assert export_focus(LATER.date().replace(day=1), FileFormat.CSV, tmp_path).line_count == 0
    settings.cache_clear()


def test_closed_september_is_frozen_and_october_corrects_it(
    csv_of: Callable[..., list[Row]],
) -> None:
    (september,) = csv_of(SEPTEMBER)
    assert (september["ChargeClass"], september["x_Model"]) == (None, "gpt-4o")
    corrections = [row for row in csv_of() if row["ChargeClass"]]
    assert {
        (row["x_Model"], row["ConsumedQuantity"], row["ChargePeriodStart"], row["BillingPeriodEnd"])
        for row in corrections
        if row["x_TokenType"] == "uncached_input"
    } == {("gpt-4o-mini", "1000", "2026-09-30T00:00:00Z", "2026-11-01T00:00:00Z")}


def test_price_of_a_line_is_looked_up_by_its_sku_price(
    october: Warehouse, csv_of: Callable[..., list[Row]]
) -> None:
    prices = dict(october.rows("select rate_id, list_unit_price from marts.dim_rate"))
    for row in csv_of():
        if row["x_PricingStatus"] == "charged":
            continue
        assert Decimal(str(row["ListUnitPrice"])) == prices[row["SkuPriceId"]]


def test_price_says_its_context_tier_and_what_is_cached(csv_of: Callable[..., list[Row]]) -> None:
    prices = {
        (row["x_Model"], row["x_TokenType"], row["x_ProcessingMode"]): json.loads(
            str(row["SkuPriceDetails"])
        )
        for row in csv_of()
        if row["x_PricingStatus"] == "priced"
    }
    assert prices["claude-sonnet-4-5", "uncached_input", "sync"] == {
        "x_ModelId": "claude-sonnet-4-5",
        "x_TokenType": "uncached_input",
        "x_TokenDirection": "Input",
        "x_TokenCacheAction": "Uncached",
        "x_ProcessingMode": "sync",
        "x_ServiceTier": "standard",
        "x_ContextAboveTokens": "200000",
    }
    assert prices["gpt-4o", "cache_read", "sync"]["x_TokenCacheAction"] == "Read"


def test_usage_without_a_price_is_left_out_and_counted(october: Warehouse, tmp_path: Path) -> None:
    done = export_focus(OCTOBER, FileFormat.CSV, tmp_path)
    lines, quantity = october.rows(
        "select count(*), sum(consumed_quantity) from marts.unpriced_usage_daily"
    )[0]
    assert (done.left_out_lines, done.left_out_quantity) == (lines, quantity)
    assert "llama-at-home" not in done.file.read_text()


def test_strict_export_writes_nothing_while_usage_has_no_price(
    october: Warehouse, tmp_path: Path
) -> None:
    with pytest.raises(ConflictError, match=r"have no price.*unpriced_usage_daily"):
        export_focus(OCTOBER, FileFormat.CSV, tmp_path, strict=True)
    assert list(tmp_path.iterdir()) == []
    globex = str(an_id("globex"))
    done = export_focus(OCTOBER, FileFormat.CSV, tmp_path, tenant=globex, strict=True)
    assert {row["BillingAccountId"] for row in csv_rows(done.file)} == {globex}


def test_reader_exports_own_tenants_only(october: Warehouse, csv_of: Callable[..., Any]) -> None:
    acme, globex = str(an_id("acme")), str(an_id("globex"))
    assert {row["BillingAccountId"] for row in csv_of()} == {acme, globex}
    grant = "update ops.reader_tenants set tenant_id = '{}' where reader = 'meterr_analyst'"
    with changed(october, grant.format(globex), grant.format("*")):
        assert {row["BillingAccountId"] for row in csv_of()} == {globex}
        assert csv_of(tenant=acme) == []


def test_login_without_tenants_is_told_so(october: Warehouse, tmp_path: Path) -> None:
    with changed(
        october,
        "delete from ops.reader_tenants",
        "insert into ops.reader_tenants values ('meterr_analyst', '*')",
    ):
        done = export_focus(OCTOBER, FileFormat.PARQUET, tmp_path)
    assert (done.line_count, done.is_hidden) == (0, True)
    assert parquet.read_table(done.file).num_rows == 0


def test_half_written_file_is_never_seen(tmp_path: Path) -> None:
    target = tmp_path / "charges.csv"
    target.write_text("of before")
    with pytest.raises(ZeroDivisionError), replacing(target) as file:
        file.write(b"half" * (1 // 0))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["of before"]


def test_folder_that_is_not_there_is_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist"):
        export_focus(OCTOBER, FileFormat.CSV, tmp_path / "nowhere" / "x.csv")
