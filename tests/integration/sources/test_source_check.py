"""What `meterr source check` finds, in words that name the remedy."""

from datetime import date

import psycopg
import pytest

from meterr_etl.errors import SettingsError, SourceMismatchError, SourceUnavailableError
from meterr_etl.seed import create_source_schema, seed_source
from meterr_etl.settings import settings
from meterr_etl.sources.check import check_source
from meterr_etl.sources.plan import actual_columns


@pytest.fixture
def source(source_db):
    """A connection, in autocommit, to a small seeded source."""
    seed_source(source_db, first_day=date(2026, 11, 14), days=1, events_per_day=200)
    with psycopg.connect(source_db, autocommit=True) as connection:
        yield connection


def messages(check, level):
    return " | ".join(f"{f.message} {f.remedy}" for f in check.findings if f.level == level)


def test_seeded_source_fits(source):
    check = check_source("supabase")
    assert check.fits
    assert "public.token_usage has every column it needs" in messages(check, "ok")
    assert "public.api_keys fits" in messages(check, "ok")


def test_rows_that_will_die_are_counted_in_the_sample(source):
    notes = messages(check_source("supabase"), "note")
    assert "1 rows without organization_id" in notes


def test_missing_table_is_named(source):
    source.execute("alter table public.token_usage rename to usage")
    check = check_source("supabase")
    assert not check.fits
    assert "no table public.token_usage" in messages(check, "problem")


def test_missing_required_column_is_named_with_its_line(source):
    source.execute("alter table public.token_usage drop column model")
    assert "model (events.sql:" in messages(check_source("supabase"), "problem")


def test_missing_optional_column_is_a_note(source):
    source.execute("alter table public.token_usage drop column latency_ms")
    check = check_source("supabase")
    assert check.fits
    assert "read as not reported: latency_ms" in messages(check, "note")


def test_column_of_another_type_is_read_as_text(source):
    source.execute("alter table public.token_usage alter cost_usd type double precision")
    assert "cost_usd is double precision, not numeric" in messages(check_source("supabase"), "note")


def test_column_that_nobody_reads_is_listed(source):
    source.execute("alter table public.token_usage add column prompt_text text")
    assert "does not list them: prompt_text" in messages(check_source("supabase"), "note")


def test_cursor_without_index_is_told_with_the_statement_that_helps(source):
    source.execute("drop index token_usage_by_update")
    notes = messages(check_source("supabase"), "note")
    assert "create index concurrently on public.token_usage (updated_at)" in notes


def test_clock_that_tells_no_time_is_a_problem(source):
    source.execute("alter table public.token_usage alter updated_at drop default")
    source.execute(
        "alter table public.token_usage alter updated_at type bigint"
        " using extract(epoch from updated_at)::bigint"
    )
    assert "updated_at" in messages(check_source("supabase"), "problem")


def test_unreadable_texts_are_counted(source_db):
    with psycopg.connect(source_db) as connection:
        create_source_schema(connection)
        for column in ("created_at", "updated_at"):
            connection.execute(f"alter table public.token_usage alter {column} drop default")
            connection.execute(f"alter table public.token_usage alter {column} type text")
        connection.execute(
            "insert into public.token_usage (created_at, updated_at) values ('soon', 'later')"
        )
    assert "1 rows without a readable updated_at" in messages(check_source("supabase"), "note")


def test_missing_dimension_is_a_note_since_events_go_by_ids(source):
    source.execute("drop table public.teams cascade")
    check = check_source("supabase")
    assert check.fits
    assert "no public.teams: teams go by their ids" in messages(check, "note")


def test_login_without_a_grant_is_told_the_grant(source, postgres, monkeypatch):
    use_login(source, postgres, monkeypatch, "")
    problems = messages(check_source("supabase"), "problem")
    assert "grant select on public.token_usage to meterr_test_login" in problems
    assert "grant select on public.teams to meterr_test_login" in problems


def test_login_that_no_policy_lets_through_sees_nothing_and_is_told_so(
    source, postgres, monkeypatch
):
    use_login(
        source, postgres, monkeypatch, "grant select on all tables in schema public to {login}"
    )
    check = check_source("supabase")
    assert "shows meterr_test_login no row at all" in messages(check, "problem")
    assert "Row-level security filters" in messages(check, "note")


def test_unreachable_source_is_one_sentence(source_db, monkeypatch):
    announce(monkeypatch, "postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(SourceUnavailableError, match="source 'supabase' can't be reached"):
        check_source("supabase")


def test_source_without_address_is_told_the_variable(monkeypatch):
    monkeypatch.delenv("METERR_SOURCE_URL", raising=False)
    settings.cache_clear()
    with pytest.raises(SettingsError, match="METERR_SOURCE_URL"):
        check_source("supabase")


def test_catalogue_names_types_without_length_or_scale(source):
    source.execute("create table public.sized (a varchar(5), b numeric(9, 2), c timestamp(3))")
    assert actual_columns(source, "public", "sized") == {
        "a": "varchar", "b": "numeric", "c": "timestamp",
    }  # fmt: skip
    with pytest.raises(SourceMismatchError, match=r"no table public\.nothing"):
        actual_columns(source, "public", "nothing")


def use_login(source, postgres, monkeypatch, grant):
    """Read the source as a login of its own that has just what the grant says."""
    login = "meterr_test_login"
    exists = source.execute("select 1 from pg_roles where rolname = %s", (login,)).fetchone()
    source.execute(f"{'alter' if exists else 'create'} role {login} login password 'secret'")
    if grant:
        source.execute(grant.format(login=login))
    address = source.info
    announce(
        monkeypatch,
        f"postgresql://{login}:secret@{address.host}:{address.port}/{address.dbname}",
    )


def announce(monkeypatch, url):
    monkeypatch.setenv("METERR_SOURCE_URL", url)
    settings.cache_clear()
