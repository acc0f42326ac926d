"""Which rows a window reads, for clocks of every type and texts of every kind."""

import itertools
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from meterr_etl.sources.cursor import READABLE_TEXT, ZONED, ZONELESS
from meterr_etl.sources.plan import actual_columns, cursor_predicate, plan_columns
from meterr_etl.sources.registry import load_source

START, END = datetime(2026, 11, 14, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)

READABLE = [
    "2026-11-14T00:00:00Z",
    "2026-11-14 23:59:59.999999+00",
    "2026-11-14 12:00",
    "2026-11-14",
    "2026-11-14T12:00:00.1234567+0530",
    "2026-11-13T22:30:00-05:00",
    "2024-02-29T12:00:00Z",
    "2000-02-29T12:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
]
UNREADABLE = [
    "",
    " ",
    "yesterday",
    "now",
    "infinity",
    "epoch",
    "2026-02-30T12:00:00Z",
    "2023-02-29T12:00:00Z",
    "1900-02-29T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-04-31",
    "0000-01-01T00:00:00Z",
    "0000-02-29",
    "2026-11-14T24:30:00Z",
    "2026-11-14T12:60:00Z",
    "2026-11-14T12:00:00+19:00",
    "2026-11-14T12:00:00 Europe/Nowhere",
    "11/14/2026",
    "2026-11-14T12:00:00Z; drop table x",
    "2026-11-14T12:00:00." + "1" * 400 + "Z",
    "2026-11-14\n",
    "\u0662\u0660\u0662\u0666-\u0661\u0661-\u0661\u0664",
]


@pytest.fixture
def connection(source_db):
    """A connection whose session is in another zone than UTC, to show that it does not matter."""
    with psycopg.connect(source_db, options="-c timezone=Asia/Tokyo") as opened:
        yield opened


def make_events(connection, clock_type):
    columns = {
        **load_source("supabase").columns, "created_at": clock_type, "updated_at": clock_type,
    }  # fmt: skip
    connection.execute(
        sql.SQL("create table public.token_usage ({})").format(
            sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                for name, kind in columns.items()
            )
        )
    )


def add(connection, name, created_at, updated_at):
    connection.execute(
        "insert into public.token_usage (feature, created_at, updated_at) values (%s, %s, %s)",
        (name, created_at, updated_at),
    )


def read(connection, start=START, end=END):
    plan = plan_columns(
        load_source("supabase"), actual_columns(connection, "public", "token_usage")
    )
    rows = connection.execute(
        sql.SQL("select feature from public.token_usage where {}").format(
            cursor_predicate(plan, start, end)
        )
    )
    return {name for (name,) in rows}


def clock_of(text):
    return sql.SQL(READABLE_TEXT).format(
        column=text, zoned=sql.Literal(ZONED), zoneless=sql.Literal(ZONELESS)
    )


@pytest.mark.parametrize("clock_type", ["timestamptz", "timestamp", "text", "varchar(40)"])
def test_window_is_half_open_and_in_utc_whatever_the_type(connection, clock_type):
    make_events(connection, clock_type)
    zone = "+00" if clock_type != "timestamp" else ""
    add(connection, "first moment", "2026-01-01", f"2026-11-14 00:00:00{zone}")
    add(connection, "last moment", "2026-01-01", f"2026-11-14 23:59:59.999999{zone}")
    add(connection, "moment before", "2026-11-14", f"2026-11-13 23:59:59.999999{zone}")
    add(connection, "end", "2026-11-14", f"2026-11-15 00:00:00{zone}")
    assert read(connection) == {"first moment", "last moment"}


@pytest.mark.parametrize("clock_type", ["timestamptz", "timestamp", "text"])
def test_row_without_cursor_counts_by_its_creation(connection, clock_type):
    make_events(connection, clock_type)
    add(connection, "created inside", "2026-11-14 12:00:00", None)
    add(connection, "created before", "2026-11-10 12:00:00", None)
    assert read(connection) == {"created inside"}


@pytest.mark.parametrize("clock_type", ["timestamptz", "timestamp", "text"])
def test_row_that_never_says_when_it_came_is_in_every_window(connection, clock_type):
    make_events(connection, clock_type)
    add(connection, "no clock at all", None, None)
    add(connection, "endless", "infinity", "-infinity")
    other = (START - timedelta(days=900), START - timedelta(days=899))
    assert read(connection) == read(connection, *other) == {"no clock at all", "endless"}


def test_unreadable_texts_fail_no_window_and_are_never_lost(connection):
    make_events(connection, "text")
    for number, text in enumerate(UNREADABLE):
        add(connection, f"both {number}", text, text)
        add(connection, f"cursor {number}", "2026-11-14T12:00:00Z", text)
        add(connection, f"elsewhere {number}", "2026-11-10T12:00:00Z", text)
    numbers = range(len(UNREADABLE))
    expected = {f"both {n}" for n in numbers} | {f"cursor {n}" for n in numbers}
    assert read(connection) == expected


def test_each_readable_row_is_in_exactly_one_of_adjoining_windows(connection):
    make_events(connection, "text")
    for number, text in enumerate(READABLE):
        add(connection, str(number), None, text)
    bounds = [
        datetime(1, 1, 1, tzinfo=UTC), START - timedelta(days=1), START, END,
        END + timedelta(days=1), datetime.max.replace(tzinfo=UTC),
    ]  # fmt: skip
    seen = [name for pair in itertools.pairwise(bounds) for name in read(connection, *pair)]
    assert sorted(seen) == sorted(str(number) for number in range(len(READABLE)))


@pytest.mark.parametrize("text", READABLE)
def test_readable_text_means_what_postgresql_takes_it_for_in_utc(connection, text):
    # Compared over there: the year 9999 in Tokyo's zone is no datetime of Python's.
    query = sql.SQL("select extract(epoch from {})").format(clock_of(sql.Literal(text)))
    ours = connection.execute(query).fetchone()
    connection.execute("set timezone = 'UTC'")
    theirs = connection.execute("select extract(epoch from %s::timestamptz)", (text,)).fetchone()
    assert ours == theirs


@pytest.mark.parametrize("text", UNREADABLE)
def test_text_that_is_no_strict_date_is_unreadable(connection, text):
    query = sql.SQL("select {}").format(clock_of(sql.Literal(text)))
    assert connection.execute(query).fetchone() == (None,)


def test_every_day_of_four_centuries_and_no_other_is_readable(connection):
    query = sql.SQL(
        "select count({clock}) from (select format('%s-%s-%s', lpad(y::text, 4, '0'),"
        " lpad(m::text, 2, '0'), lpad(d::text, 2, '0')) as day from generate_series(1899, 2299) y,"
        " generate_series(0, 13) m, generate_series(0, 32) d) as candidates"
    ).format(clock=clock_of(sql.Identifier("day")))
    days = (date(2300, 1, 1) - date(1899, 1, 1)).days
    assert connection.execute(query).fetchone()[0] == days


def test_typed_cursor_is_answered_by_its_index(connection):
    make_events(connection, "timestamptz")
    connection.execute(
        "insert into public.token_usage (created_at, updated_at)"
        " select t, t from generate_series(timestamptz '2026-01-01', '2026-12-31', '5 minutes') t"
    )
    connection.execute("create index on public.token_usage (updated_at)")
    connection.execute("analyze public.token_usage")
    plan = plan_columns(
        load_source("supabase"), actual_columns(connection, "public", "token_usage")
    )
    explained = connection.execute(
        sql.SQL("explain select * from public.token_usage where {}").format(
            cursor_predicate(plan, START, END)
        )
    ).fetchall()
    assert "Seq Scan" not in str(explained)
