"""Every expectation of the staging gate goes red by its own planted fault, and by no other."""

import pytest

from meterr_etl.contract.columns import LEAVES
from meterr_etl.gates.measuring import measure
from meterr_etl.gates.staging import staging_checkpoint
from meterr_etl.ledger.runs import load_run

ONE_EVENT = "ctid in (select ctid from staging.batch_20261114__RUN where sku_key = 10 limit 1)"
CHANGE_ONE = f"update staging.batch_20261114__RUN set {{}} where {ONE_EVENT}"


def measured(night):
    return measure(staging_checkpoint(load_run(night.run_id)))


def judged(verdict: str, change: int) -> str:
    return (
        f"update ops.run_verdicts set row_count = row_count + {change}"
        f" where run_id = 'RUN' and verdict = '{verdict}'"
    )


def bury(count: int) -> tuple[str, ...]:
    """Turn rows judged unchanged, superseded or new into dead letters; all sums hold."""
    letters = (
        "insert into staging.dead_letters (run_id, source, source_event_id, reasons, raw)"
        " select 'RUN', 'supabase', 'id-' || n, array['negative_tokens', 'no_tenant'], '{}'"
        f" from generate_series(1, {count}) as n"
    )
    less = (
        "delete from staging.batch__RUN where event_key in (select event_key from"
        f" staging.batch_20261114__RUN order by event_key limit {count})"
    )
    return letters, less, judged("dead", count), judged("new", -count)


def test_a_row_without_a_verdict_stops_the_run(night, red):
    night.plant(judged("unchanged", -1))
    assert red("staging", stops=True) == {"verdicts_add_up_to_rows_read"}


def test_a_batch_that_lost_a_row_stops_the_run(night, red):
    night.plant(f"delete from staging.batch_20261114__RUN where {ONE_EVENT}")
    assert red("staging", stops=True) == {"batch_holds_new_and_revised"}


def test_a_lost_dead_letter_stops_the_run(night, red):
    night.plant(judged("dead", 1), judged("unchanged", -1))
    assert red("staging", stops=True) == {"dead_letters_kept"}


def test_a_revision_that_replaces_nothing_stops_the_run(night, red):
    night.plant("delete from staging.superseded__RUN")
    assert red("staging", stops=True) == {"revisions_replace_published"}


def test_an_id_that_stands_twice_stops_the_run(night, red):
    night.plant(
        f"insert into staging.batch_20261114__RUN select * from staging.batch_20261114__RUN"
        f" where {ONE_EVENT}",
        judged("new", 1),
        judged("unchanged", -1),
    )
    assert red("staging", stops=True) == {"events_unique"}
    _, _, sample = night.verdicts("staging")["events_unique"]
    assert sample[0]["row_count"] == 2


def test_an_id_that_stands_on_two_days_stops_the_run(night, red):
    night.plant(
        "update staging.batch__RUN set event_key = md5('2026-11-14 3')::uuid"
        " where event_key = md5('2026-11-13 21')::uuid"
    )
    assert red("staging", stops=True) == {"events_unique"}
    _, _, sample = night.verdicts("staging")["events_unique"]
    assert sample[0]["event_dates"] == "2026-11-13, 2026-11-14"


def test_a_negative_leaf_stops_the_run(night, red):
    night.plant(CHANGE_ONE.format("cache_write_tokens = -1"))
    assert red("staging", stops=True) == {"no_negative_quantity"}
    _, _, sample = night.verdicts("staging")["no_negative_quantity"]
    assert sample[0]["cache_write_tokens"] == -1


def test_every_leaf_of_the_contract_is_measured(night):
    for _, column in LEAVES:
        night.plant("create table kept as select * from staging.batch_20261114__RUN")
        night.plant(CHANGE_ONE.format(f"{column} = -1"))
        assert measured(night)["negative_rows"] == 1, column
        night.plant(f"update staging.batch_20261114__RUN set {column} = 7654321")
        assert measured(night)["largest_quantity"] == 7_654_321, column
        night.plant(
            "truncate staging.batch_20261114__RUN",
            "insert into staging.batch_20261114__RUN select * from kept",
            "drop table kept",
        )


def test_a_negative_extra_unit_stops_the_run(night, red):
    night.plant(CHANGE_ONE.format("""extra_units = '{"image": 2, "page": -0.5}'"""))
    assert red("staging", stops=True) == {"no_negative_quantity"}


def test_an_implausible_quantity_warns(night, red):
    night.plant(CHANGE_ONE.format("reasoning_tokens = 100000001"))
    assert red("staging", stops=False) == {"quantities_plausible"}
    _, _, sample = night.verdicts("staging")["quantities_plausible"]
    assert sample[0]["largest_quantity"] == 100_000_001


def test_a_date_that_is_not_the_utc_date_stops_the_run(night, red):
    night.plant(CHANGE_ONE.format("event_at = '2026-11-14 00:30+01'"))
    assert red("staging", stops=True) == {"event_date_is_utc_date"}
    _, _, sample = night.verdicts("staging")["event_date_is_utc_date"]
    assert sample[0]["event_date"] == "2026-11-14"
    assert sample[0]["event_at"].startswith("2026-11-13 23:30")


def test_an_owner_key_that_stands_for_nobody_stops_the_run(night, red):
    night.plant(CHANGE_ONE.format("owner_key = 404"))
    assert red("staging", stops=True) == {"owners_resolvable"}
    assert night.verdicts("staging")["owners_resolvable"][2][0]["owner_key"] == 404


def test_a_sku_key_that_stands_for_no_call_stops_the_run(night, red):
    night.plant(CHANGE_ONE.format("sku_key = 404"))
    assert red("staging", stops=True) == {"skus_resolvable"}
    assert night.verdicts("staging")["skus_resolvable"][2][0]["sku_key"] == 404


def test_few_dead_letters_warn_with_their_reasons(night, red):
    night.plant(*bury(20))
    assert red("staging", stops=False) == {"no_dead_letters"}
    _, message, sample = night.verdicts("staging")["no_dead_letters"]
    assert "20 of 46 rows are dead letters: negative_tokens (20), no_tenant (20)" in message
    assert sample[0]["source_event_id"] == "id-1"


def test_more_dead_letters_than_both_limits_stop_the_run(night, red):
    night.plant(*bury(21))
    assert red("staging", stops=True) == {"dead_letters_few", "no_dead_letters"}


def test_many_dead_letters_pass_while_their_share_is_small(night, red):
    night.plant(*bury(21), judged("unchanged", 20_954))
    night.note(rows_read=21_000)
    assert red("staging", stops=False) == {"no_dead_letters"}


def test_an_unusual_share_of_revisions_warns(night, red):
    more = (
        "insert into staging.superseded__RUN select event_date, source_id, event_key"
        " from staging.token_events where event_key <> md5('2026-11-13 7')::uuid limit 4"
    )
    night.plant(more, judged("revision", 4), judged("new", -4))
    assert red("staging", stops=False) == {"revisions_as_usual"}


def test_revisions_are_not_judged_by_two_windows(night):
    night.plant("delete from ops.windows where window_start < '2026-11-12'")
    assert night.judge("staging") is None
    assert night.outcomes("staging", "not judged") == {"revisions_as_usual"}


@pytest.mark.parametrize(("entity", "member"), [("organizations", "tenant-b"), ("users", "user-2")])
def test_an_owner_that_no_dimension_knows_warns_by_name(night, red, entity, member):
    night.plant(f"delete from landing.supabase_{entity}__RUN where id = '{member}'")
    assert red("staging", stops=False) == {"owners_known_to_dimensions"}
    _, message, sample = night.verdicts("staging")["owners_known_to_dimensions"]
    assert f"{entity} {member} (23 events)" in message
    assert sample == [{"entity": entity, "id": member, "events": 23}]


def test_an_owner_that_an_earlier_run_saw_is_known(night, red):
    night.plant(
        "delete from landing.supabase_users__RUN where id = 'user-2'",
        "insert into reference.source_dimensions values ('supabase', 'users', 'user-2',"
        " 'tenant-b', '2026-11-01', '{}', default, 'old0020261110')",
    )
    assert red("staging", stops=False) == set()


def test_owners_are_not_judged_where_the_source_lands_no_dimensions(night):
    night.plant(
        "drop table landing.supabase_organizations__RUN", "drop table landing.supabase_users__RUN"
    )
    assert night.judge("staging") is None
    assert night.outcomes("staging", "not judged") == {"owners_known_to_dimensions"}


def test_an_empty_batch_passes(night):
    night.plant(
        "delete from staging.batch__RUN",
        "delete from staging.superseded__RUN",
        "update ops.run_verdicts set row_count = 0 where run_id = 'RUN'",
    )
    night.note(rows_read=0)
    assert night.judge("staging") is None
    assert night.outcomes("staging", "failed") == set()
