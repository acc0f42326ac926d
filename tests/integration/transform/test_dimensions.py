"""A dimension stands as it was last seen, by whichever run saw it, once per organization."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from psycopg.types.json import Jsonb

from meterr_etl.ledger.runs import Run
from meterr_etl.steps.transform import transform
from meterr_etl.warehouse.connection import warehouse

from .conftest import Event, read

pytestmark = pytest.mark.usefixtures("small_project")


def team(name: str, changed: str) -> dict[str, str]:
    return {"id": "t1", "organization_id": "acme", "name": name, "updated_at": changed}


@pytest.mark.parametrize(
    ("recorded", "landed", "stands"),
    [
        (team("Old", "2026-11-01"), team("New", "2026-11-02"), "New"),
        (team("New", "2026-11-02"), team("Old", "2026-11-01"), "New"),
        (team("New", "2026-11-02"), team("Mangled", "not a date"), "New"),
    ],
)
def test_latest_state_of_a_dimension_stands_whoever_saw_it(
    stage_by_hand: Callable[..., Run],
    recorded: dict[str, str],
    landed: dict[str, str],
    stands: str,
) -> None:
    run = stage_by_hand(landed={"teams": [landed]})
    record_dimension(run, "supabase", "teams", recorded)

    transform(run.run_id)

    assert read(run, "teams", "id, organization_id, name") == [("t1", "acme", stands)]


def test_id_that_two_sources_know_names_one_row_per_organization(
    stage_by_hand: Callable[..., Run],
) -> None:
    run = stage_by_hand(landed={"teams": [team("Ours", "2026-11-02")]})
    record_dimension(run, "litellm", "teams", team("Theirs", "2026-11-01"))
    other = {**team("Another tenant's", "2026-11-01"), "organization_id": "globex"}
    record_dimension(run, "langfuse", "teams", other)

    transform(run.run_id)

    assert read(run, "teams", "organization_id, name") == [
        ("acme", "Ours"),
        ("globex", "Another tenant's"),
    ]


def record_dimension(run: Run, source: str, entity: str, content: dict[str, str]) -> None:
    with warehouse("meterr_loader") as connection:
        connection.execute(
            "insert into reference.source_dimensions (source, entity, entity_id, tenant_id,"
            " source_updated_at, content, run_id) values (%s, %s, %s, %s, %s, %s, %s)",
            (
                source,
                entity,
                content["id"],
                content["organization_id"],
                content["updated_at"],
                Jsonb(content),
                run.run_id,
            ),
        )


def test_source_without_dimensions_is_built_under_its_ids(
    stage_by_hand: Callable[..., Run],
) -> None:
    run = stage_by_hand(events=(Event(1),))

    transform(run.run_id)

    assert read(run, "teams", "id") == []
    assert len(read(run, "usage_by_model_daily", "charge_date")) == 1
