"""The page of a run tells everything the ledger knows of it, needs nothing else, and is safe."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from meterr_etl.errors import ConflictError, InputError
from meterr_etl.settings import settings
from meterr_etl.steps.report import render_run_text, report

HOSTILE = "<script>alert(1)</script>"
VOID_TAGS = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Collects text, tags and addresses of a page, and insists that its tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID_TAGS:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.text += data + " "


@pytest.fixture
def page(night, tmp_path):
    def written() -> Page:
        path = Path(report(night.run_id, tmp_path)["page"])
        return Page(path.read_text(encoding="utf-8"))

    return written


def test_the_page_lies_under_the_given_folder_and_is_replaced_whole(night, tmp_path):
    report(night.run_id, tmp_path)
    written = report(night.run_id, tmp_path)
    assert [path.name for path in (tmp_path / "reports").iterdir()] == [f"{night.run_id}.html"]
    assert (tmp_path / "reports" / f"{night.run_id}.html").stat().st_size == written["page_bytes"]


def test_without_a_folder_the_page_lies_under_the_home_of_the_settings(
    night, tmp_path, monkeypatch
):
    monkeypatch.setenv("METERR_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    assert report(night.run_id)["page"] == str(tmp_path / f"home/reports/{night.run_id}.html")


def test_the_page_loads_nothing_from_anywhere(page):
    found = page()
    assert found.addresses == []
    assert "script" not in found.tags


def test_the_page_tells_window_rows_verdicts_and_gates(night, page):
    for gate in ("landing", "staging", "marts"):
        assert night.judge(gate) is None
    found = " ".join(page().text.split())
    assert "supabase, 2026-11-14 running" in found
    assert "Rows read 46" in found
    assert "46 46 equal" in found
    assert "roll ups hold all cost" in found
    assert "Nothing of this run is published." in found


def test_the_page_of_a_failed_run_shows_the_error_and_the_sample(night, page):
    night.plant(
        "insert into staging.batch_20261114__RUN select * from staging.batch_20261114__RUN"
        " where event_key = md5('2026-11-14 3')::uuid"
    )
    said = night.judge("staging")
    night.connection.execute(
        "update ops.runs set status = 'failed', failed_step = 'gate_staging', error = %s"
        " where run_id = %s",
        (said, night.run_id),
    )
    found = " ".join(page().text.split())
    assert "gate_staging: The staging gate stopped run" in found
    assert "1 sample row row_count event_dates source_event_id 2 2026-11-14" in found
    assert "Marts was not reached." in found


def test_the_page_shows_chargeback_unpriced_models_and_unknown_owners_of_its_days(night, page):
    night.plant(
        "create table if not exists marts.unpriced_usage_daily (charge_date date, tenant_id text,"
        " tenant_name text, provider text, model text, token_type text, consumed_quantity numeric,"
        " reason text)",
        "insert into marts.unpriced_usage_daily (charge_date, tenant_id, tenant_name, provider,"
        " model, token_type, consumed_quantity, reason) values ('2026-11-13', 'tenant-a', 'A',"
        " 'acme', 'mystery', 'output', 1234, 'unknown model')",
        "alter table marts.unpriced_usage_daily owner to meterr_publisher",
        "insert into ops.unresolved_owners"
        " values ('2026-11-13', 'supabase', 'acme', 'users', 'user-9')",
    )
    found = " ".join(page().text.split())
    assert "A unassigned Unassigned 25 27,500 0 0.0750 USD" in found
    assert "Total of all lines 0.0750 USD" in found
    assert "acme mystery output unknown model 1,234" in found
    assert "users user-9 1" in found


UNPRICED_TABLE = (
    "create table if not exists marts.unpriced_usage_daily (charge_date date, tenant_id text,"
    " tenant_name text, provider text, model text, token_type text, consumed_quantity numeric,"
    " reason text)"
)


def unpriced(model: str, reason: str) -> str:
    return (
        "insert into marts.unpriced_usage_daily (charge_date, tenant_id, tenant_name, provider,"
        " model, token_type, consumed_quantity, reason) values ('2026-11-13', 'tenant-a', 'A',"
        f" 'openai', '{model}', 'output', 10, '{reason}')"
    )


def test_the_page_says_what_an_unknown_model_may_mean_and_what_to_type(night, page):
    night.plant(
        UNPRICED_TABLE,
        unpriced("gpt-4o-mini (eu)", "unknown_model"),
        unpriced("zzzzzz", "unknown_model"),
        unpriced("gpt-4o", "no_rate"),
        "alter table marts.unpriced_usage_daily owner to meterr_publisher",
    )
    found = " ".join(page().text.split())
    assert "meterr prices alias openai 'gpt-4o-mini (eu)' openai/gpt-4o-mini --reason" in found
    assert "alias openai zzzzzz" not in found
    assert "alias openai gpt-4o " not in found


def test_the_page_of_a_night_stopped_by_an_unknown_model_says_it_too(night, page):
    night.plant(
        "insert into ops.gate_verdicts (run_id, gate, expectation, severity, outcome, message,"
        " sample) values ('RUN', 'marts', 'unpriced_share', 'error', 'failed', '-',"
        """ '[{"provider": "openai", "model": "gpt4o", "token_type": "output","""
        """ "consumed_quantity": "10"}]')""",
    )
    assert "meterr prices alias openai gpt4o openai/gpt-4o --reason" in page().text


def test_dead_letters_are_counted_by_reason(night, page):
    night.plant(
        "insert into staging.dead_letters (run_id, source, source_event_id, reasons, raw)"
        " select 'RUN', 'supabase', 'id-' || n, array['negative_tokens'], '{}'"
        " from generate_series(1, 3) as n"
    )
    assert "negative_tokens 3 id-1" in " ".join(page().text.split())


SMUGGLED = {
    "reason": "update ops.runs set reason = '{}' where run_id = 'RUN'",
    "error": "update ops.runs set error = '{}', failed_step = 'stage' where run_id = 'RUN'",
    "metric": """update ops.run_steps set metrics = '{"{}": "{}"}' where run_id = 'RUN'""",
    "dead letter": """insert into staging.dead_letters (run_id, source, source_event_id, reasons,
        raw) values ('RUN', 'supabase', '{}', array['{}'], 'null')""",
    "owner": "insert into ops.unresolved_owners"
    " values ('2026-11-13', 'supabase', 'acme', 'users', '{}')",
    "verdict": """insert into ops.gate_verdicts (run_id, gate, expectation, severity, outcome,
        message, sample) values
        ('RUN', 'marts', '{}', 'error', 'failed', '{}', '[{"{}": "{}"}]')""",
    "tenant": "update marts.usage_by_team_daily set tenant_name = '{}', team_name = '{}'",
}


@pytest.mark.parametrize("statement", SMUGGLED.values(), ids=SMUGGLED)
def test_nothing_that_came_from_outside_becomes_markup(night, page, statement):
    night.plant(
        statement.replace("{}", HOSTILE),
        "create table if not exists marts.unpriced_usage_daily (charge_date date, provider text,"
        " model text, token_type text, reason text, consumed_quantity numeric)",
        "grant select on marts.unpriced_usage_daily to meterr_publisher",
    )
    found = page()
    assert HOSTILE in found.text
    assert "script" not in found.tags


def test_the_text_for_the_log_is_short_and_says_what_matters(night):
    night.plant("update staging.batch_20261114__RUN set latency_ms = 1 where sku_key = 10")
    night.note(columns_retyped={"input_tokens": "text"})
    for gate in ("landing", "staging", "marts"):
        night.judge(gate)
    lines = render_run_text(night.run_id).splitlines()
    assert lines[0].startswith(f"run {night.run_id} of supabase, window 2026-11-14: running")
    assert lines[1] == "  rows: 46 read; new 42, revision 1, superseded 1, unchanged 2"
    assert "  gate landing: 1 warning, 8 passed" in lines
    assert any(line.startswith("  warning: column_types_as_declared") for line in lines)
    assert "  affected days: 2026-11-13 (late or corrected), 2026-11-14 (window)" in lines
    assert len(lines) < 12


def test_a_run_that_just_started_has_a_page(night, page):
    night.plant(
        "insert into ops.runs (run_id, source, window_start, window_end, trigger)"
        " values ('justnow1', 'supabase', '2026-11-15 00:00Z', '2026-11-16 00:00Z', 'test')"
    )
    night.run_id = "justnow1"
    assert "not staged" in page().text


def test_an_unknown_run_has_no_page(night, tmp_path):
    with pytest.raises(ConflictError, match="no run 'nosuchrun'"):
        report("nosuchrun", tmp_path)


def test_a_folder_that_can_not_be_written_to_is_named(night, tmp_path):
    (tmp_path / "reports").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="can't be written to"):
        report(night.run_id, tmp_path)
