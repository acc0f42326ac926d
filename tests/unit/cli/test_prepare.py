"""`migrate`, `seed`, `prices sync`, `source`: what they do once, and again."""

from __future__ import annotations

import json

import psycopg
import pytest


def event_count(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("select count(*) from public.token_usage").fetchone()[0]


@pytest.mark.usefixtures("warehouse_db")
def test_rates_are_synced_once_and_the_second_time_changes_nothing(meterr):
    first = json.loads(meterr("prices", "sync", "--json").out)
    assert first["added"] == first["rates"] > 0
    again = meterr("prices", "sync", "--json")
    assert again.code == 0
    assert (json.loads(again.out)["added"], json.loads(again.out)["retired"]) == (0, 0)


def test_a_seeded_source_fits_and_seeding_again_adds_nothing(meterr, source_db):
    seed = ["seed", "--start", "2026-11-10", "--days", "2", "--events-per-day", "50", "--json"]
    told = json.loads(meterr(*seed).out)
    assert (told["first_day"], told["last_day"]) == ("2026-11-10", "2026-11-11")
    before = event_count(source_db)
    assert before >= told["event_rows"] > 0
    assert meterr(*seed).code == 0
    assert event_count(source_db) == before
    checked = meterr("source", "check", "supabase", "--json")
    assert checked.code == 0
    assert json.loads(checked.out)["fits"] is True


def test_sources_are_listed_with_whether_they_have_an_address(meterr, monkeypatch):
    def listed() -> dict[str, tuple[str, bool]]:
        rows = json.loads(meterr("source", "list", "--json").out)
        return {row["source"]: (row["table"], row["has_url"]) for row in rows}

    assert listed()["supabase"] == ("public.token_usage", False)
    assert list(listed()) == sorted(listed())
    monkeypatch.setenv("METERR_SOURCE_URL", "postgresql://db.example.com/postgres")
    assert listed()["supabase"] == ("public.token_usage", True)


def test_migrating_a_migrated_warehouse_changes_nothing(meterr, warehouse_db):
    outcome = meterr("migrate", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["marts_created"] == []
