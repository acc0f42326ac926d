"""What the seeded source holds: the same every time, by the conventions of its providers."""

from datetime import date

import psycopg
import pytest

from meterr_etl.errors import InputError
from meterr_etl.seed import create_source_schema, seed_source

FIRST_DAY = date(2026, 11, 14)
DIGEST = "select count(*), md5(string_agg(md5(t::text), '' order by id)) from public.{} as t"


@pytest.fixture(scope="module")
def filled(postgres):
    """The URL of a source seeded with three days of 3,000 events, and the report of it."""
    with postgres.database("seeded") as name:
        url = postgres.url(name)
        yield url, seed_source(url, first_day=FIRST_DAY, days=3, events_per_day=3000)


@pytest.fixture
def seeded(filled):
    """A connection to the seeded source, rolled back after the test, and the report."""
    url, report = filled
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        yield connection, report
        connection.rollback()


def one(connection, query):
    return connection.execute(query).fetchone()[0]


def sound(condition):
    """Count the rows that are meant to be sound and meet a condition."""
    return (
        "select count(*) from public.token_usage where organization_id is not null"
        " and created_at between '2026-11-14' and '2026-11-17' and request_id is not null"
        f" and ({condition})"
    )


def test_report_counts_what_stands(seeded):
    connection, report = seeded
    assert report.event_rows == 9000
    assert one(connection, "select count(*) from public.token_usage") == 9000 + report.poison_rows
    assert (report.first_day, report.last_day) == (FIRST_DAY, date(2026, 11, 16))


def test_same_arguments_give_the_same_rows_in_another_database(seeded, postgres):
    connection, _ = seeded
    with postgres.database("seed_twin") as name:
        seed_source(postgres.url(name), first_day=FIRST_DAY, days=3, events_per_day=3000)
        with psycopg.connect(postgres.url(name), options="-c timezone=UTC") as twin:
            for table in ("token_usage", "organizations", "teams", "projects", "users", "api_keys"):
                query = DIGEST.format(table)
                assert twin.execute(query).fetchone() == connection.execute(query).fetchone()


def test_another_seed_gives_other_rows(seeded, postgres):
    connection, _ = seeded
    with postgres.database("seed_other") as name:
        seed_source(postgres.url(name), first_day=FIRST_DAY, days=1, events_per_day=50, seed=8)
        with psycopg.connect(postgres.url(name)) as other:
            foreign = one(other, "select id from public.token_usage limit 1")
    assert one(connection, f"select count(*) from public.token_usage where id = '{foreign}'") == 0


def test_seeding_again_adds_nothing(filled):
    again = seed_source(filled[0], first_day=FIRST_DAY, days=3, events_per_day=3000)
    assert (again.event_rows, again.poison_rows) == (0, 0)


def test_all_rows_arrive_in_the_days_asked_for(seeded):
    connection, _ = seeded
    outside = "updated_at < '2026-11-14' or updated_at >= '2026-11-17'"
    assert one(connection, f"select count(*) from public.token_usage where {outside}") == 0


def test_late_rows_arrive_on_a_later_day_and_are_marked_as_changed(seeded):
    connection, report = seeded
    late = one(connection, sound("updated_at::date > created_at::date"))
    assert late == report.late_rows
    assert 0.005 < late / 9000 < 0.05
    assert one(connection, sound("updated_at < created_at")) == 0


def test_anthropic_counts_its_cache_beside_the_input(seeded):
    connection, _ = seeded
    above = "provider = 'anthropic' and cache_read_tokens > input_tokens"
    assert one(connection, sound(above)) > 0
    assert one(connection, sound("provider = 'anthropic' and cache_write_1h_tokens > 0")) > 0


def test_other_providers_count_cache_and_audio_within_the_input(seeded):
    connection, _ = seeded
    parts = "coalesce(cache_read_tokens, 0) + coalesce(input_audio_tokens, 0)"
    assert one(connection, sound(f"provider <> 'anthropic' and {parts} > input_tokens")) == 0
    assert one(connection, sound("provider = 'openai' and cache_read_tokens > 0")) > 0
    assert one(connection, sound("provider <> 'anthropic' and cache_write_5m_tokens > 0")) == 0


def test_reasoning_and_audio_are_within_the_output(seeded):
    connection, _ = seeded
    parts = "coalesce(reasoning_tokens, 0) + coalesce(output_audio_tokens, 0)"
    assert one(connection, sound(f"{parts} > output_tokens")) == 0
    assert one(connection, sound("reasoning_tokens > 0")) > 0


def test_failed_calls_stay_with_no_output_and_share_the_request_of_their_retry(seeded):
    connection, _ = seeded
    assert one(connection, sound("status <> 'success'")) > 30
    assert one(connection, sound("status <> 'success' and output_tokens > 0")) == 0
    repeated = (
        "select count(*) from public.token_usage as failed inner join public.token_usage as retry"
        " using (request_id) where failed.status <> 'success' and retry.id <> failed.id"
    )
    assert one(connection, repeated) > 30


def test_largest_tenant_has_about_a_third_and_the_smallest_a_few_percent(seeded):
    connection, _ = seeded
    shares = connection.execute(
        "select count(*) / 9000.0 from public.token_usage inner join public.organizations as o"
        " on o.id = organization_id group by o.id order by 1"
    ).fetchall()
    assert len(shares) == 12
    assert 0.01 < shares[0][0] < 0.05
    assert 0.25 < shares[-1][0] < 0.4


def test_afternoon_is_busier_than_night(seeded):
    connection, _ = seeded
    night = one(connection, sound("extract(hour from created_at) between 0 and 4"))
    afternoon = one(connection, sound("extract(hour from created_at) between 13 and 17"))
    assert afternoon > 5 * night > 0


def test_what_no_rate_can_price_is_a_small_share_of_the_tokens(seeded):
    connection, _ = seeded
    unpriceable = (
        "provider = 'vllm' or is_batch or model like '%audio%' or service_tier = 'priority'"
    )
    share = one(
        connection,
        f"select sum(input_tokens + output_tokens) filter (where {unpriceable})"
        " / sum(input_tokens + output_tokens) from public.token_usage",
    )
    assert 0 < share < 0.04


def test_each_day_bears_a_handful_of_rows_that_break_the_contract(seeded):
    connection, report = seeded
    assert report.poison_rows == 3 * 6 + 1
    for fault in (
        "input_tokens < 0",
        "provider = 'openai' and cache_read_tokens > input_tokens",
        "reasoning_tokens > output_tokens",
        "created_at < '1971-01-01'",
        "created_at > '2090-01-01'",
        "organization_id is null",
    ):
        assert one(connection, f"select count(*) from public.token_usage where {fault}") == 3, fault
    huge = "octet_length(metadata::text) > 10000000"
    assert one(connection, f"select count(*) from public.token_usage where {huge}") == 1


def test_poison_can_be_left_out(source_db):
    report = seed_source(
        source_db, first_day=FIRST_DAY, days=1, events_per_day=100, with_poison=False
    )
    assert (report.event_rows, report.poison_rows, report.late_rows) == (100, 0, 0)


def test_some_owners_are_unknown_to_the_dimension_tables(seeded):
    connection, _ = seeded
    for column, table in (("organization_id", "organizations"), ("api_key_id", "api_keys")):
        strangers = (
            f"select count(*) from public.token_usage where {column} is not null"
            f" and {column} not in (select id from public.{table})"
        )
        assert one(connection, strangers) > 0


def test_some_projects_are_known_only_by_their_key(seeded):
    connection, _ = seeded
    by_key = (
        "select count(*) from public.token_usage as u inner join public.api_keys as k"
        " on k.id = u.api_key_id where u.project_id is null and k.project_id is not null"
    )
    assert one(connection, by_key) > 100
    assert one(connection, sound("project_id is null and user_id is null")) > 0


def test_reader_sees_all_rows_and_changes_none(seeded):
    connection, report = seeded
    connection.execute("set role meterr_reader")
    total = one(connection, "select count(*) from public.token_usage")
    assert total == 9000 + report.poison_rows
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("delete from public.token_usage")


def test_schema_can_be_created_twice_and_other_roles_see_nothing(source_db):
    with psycopg.connect(source_db) as connection:
        create_source_schema(connection)
        create_source_schema(connection)
        unprotected = one(
            connection,
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind = 'r' and not relrowsecurity",
        )
    assert unprotected == 0


@pytest.mark.parametrize("asked", [{"days": 0}, {"events_per_day": 0}, {"days": 9999}])
def test_range_that_makes_no_sense_is_refused(source_db, asked):
    with pytest.raises(InputError, match="Give a number from 1 to"):
        seed_source(source_db, first_day=FIRST_DAY, **asked)
