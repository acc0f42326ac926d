"""The page that stands for a run of the orchestrator: the report of its latest attempt."""

from __future__ import annotations

from html import escape
from pathlib import Path

from meterr_etl.errors import MeterrError
from meterr_etl.settings import settings
from meterr_etl.warehouse.connection import warehouse


def page_of(orchestrator_run_id: str) -> str:
    """Return the HTML page of the latest attempt that an orchestrator's run made, or says why not.

    Never raises what a person could mend: the page itself says what is wrong.
    """
    try:
        return _page_of(orchestrator_run_id)
    except MeterrError as error:
        return _sentence(str(error))


def _page_of(orchestrator_run_id: str) -> str:
    with warehouse("meterr_loader", application_name="meterr-pages") as connection:
        row = connection.execute(
            "select run_id, status, failed_step, error from ops.runs"
            " where orchestrator_run_id = %s order by run_no desc limit 1",
            (orchestrator_run_id,),
        ).fetchone()
    if row is None:
        return _sentence("The ledger holds no attempt of this run: `extract` has not begun.")
    run_id, status, failed_step, error = (str(value or "") for value in row)
    page = (settings().home or Path()) / "reports" / f"{run_id}.html"
    if page.exists():
        return page.read_text(encoding="utf-8")
    if status == "running":
        return _sentence(f"Run {run_id} is at work; its report is its last step.")
    return _sentence(f"Run {run_id} has no report. It {status} in {failed_step}: {error}")


def _sentence(text: str) -> str:
    return f"<!doctype html><meta charset=utf-8><title>meterr</title><p>{escape(text)}</p>"
