"""How fast analysts get their answers on a large history, with row-level security on.

Each client is a process of its own with one connection and asks one question again and again,
without a pause. Tenants' clients log in as readers of tenants from the largest to the smallest, so
that a figure of eight clients is of all sizes; one client is the largest tenant's. The company's
clients may read all tenants. Notes give p50/p95/p99 in milliseconds. A question about single
events reads a day of them, and has no aim. While a night is published, eight tenants ask all of
their questions in shuffled rounds.
"""

from __future__ import annotations

import json
import secrets
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta

from psycopg import conninfo

from meterr_etl.pipeline import STEPS, extract, run_step
from meterr_etl.window import Window
from tests.benchmarks.datasets import DAY, Bench, Database, pointed_at, say
from tests.benchmarks.figures import Figure
from tests.benchmarks.history import HistorySize, build_history
from tests.benchmarks.nights import ROOT
from tests.benchmarks.questions import QUESTIONS, Question
from tests.benchmarks.sizes import Size

GROUP = "queries"
CLIENTS = 8
SECONDS, ALONE_SECONDS, PUBLISH_SECONDS = 4.0, 2.0, 12.0
# Until then, every client has started and is warm.
START_SECONDS = 2.0
AIM_MS = 10.0
NIGHT = DAY + timedelta(days=1)

Answers = list[tuple[float, float]]


@dataclass(frozen=True)
class Reader:
    """A login, and the tenant that it asks about."""

    url: str
    tenant: str


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure each question with one client and with eight, warm and first; and a publish."""
    template = published_history(bench, size)
    source = bench.source(size.backfill_events_per_day, day=NIGHT)
    with bench.warehouse(source, template=template) as warehouse:
        tenants, company = readers(bench, warehouse)
        found = [
            asked_figure(GROUP, question, tenants if question.reader == "tenant" else company)
            for question in QUESTIONS
        ]
        return [*found, _while_publishing(tenants)]


def published_history(bench: Bench, size: Size) -> str:
    """Return the name of the warehouse with a history, made once."""
    name = f"history_{size.name}"
    if not bench.exists(name):
        whole = HistorySize()
        history = whole.scaled(size.query_events / (whole.days * whole.events_per_day))
        say(f"writing {history.days} days of {history.events_per_day:,} events")
        started = time.monotonic()
        warehouse = bench.copy(bench.migrated(), name)
        with pointed_at(warehouse, warehouse):
            build_history(history)
        say(f"written in {time.monotonic() - started:.0f} s")
    return name


def readers(bench: Bench, warehouse: Database) -> tuple[list[Reader], list[Reader]]:
    """Return logins of tenants from the largest to the smallest, and as many of the company."""
    ids = [
        str(row[0])
        for row in warehouse.rows(
            "select tenant_id from marts.usage_by_tenant_daily"
            " group by tenant_id order by sum(request_count) desc"
        )
    ]
    spread = [ids[number * (len(ids) - 1) // (CLIENTS - 1)] for number in range(CLIENTS)]
    tenants = [
        _login(warehouse, f"bench_tenant_{number}", tenant, tenant)
        for number, tenant in enumerate(spread)
    ]
    return tenants, [_login(warehouse, "bench_company", "*", ids[0])] * CLIENTS


def _login(warehouse: Database, name: str, granted: str, tenant: str) -> Reader:
    password = secrets.token_hex(16)
    warehouse.execute(
        f"do $$ begin if not exists (select from pg_roles where rolname = '{name}') then"
        f" create role {name} login in role meterr_analyst; end if; end $$",
        f"alter role {name} password '{password}'",
    )
    warehouse.rows("insert into ops.reader_tenants values (%s, %s) returning reader", name, granted)
    return Reader(conninfo.make_conninfo(warehouse.url, user=name, password=password), tenant)


def asked_figure(group: str, question: Question, readers: list[Reader]) -> Figure:
    """Measure one question with one client and with eight, warm and first."""
    say(f"asking: {question.name}")
    alone = _asked(readers[:1], [question], ALONE_SECONDS)
    together = _asked(readers, [question], SECONDS)
    first = _asked(readers[:1], [question], ALONE_SECONDS, is_first=True)
    aim = None if question.on_events else AIM_MS
    return Figure(
        group, f"{question.name}: p95, {CLIENTS} clients", _percentile(together, 95), "ms",
        "aim" if aim else None, aim, 1.0 if aim else None,
        note=f"{CLIENTS} clients {_told(together)}, one {_told(alone)},"
        f" first on a connection {_told(first)}",
    )  # fmt: skip


def _while_publishing(readers: list[Reader]) -> Figure:
    questions = [q for q in QUESTIONS if q.reader == "tenant" and not q.on_events]
    run_id = extract("supabase", Window.of_day(NIGHT), trigger="test")
    for step in STEPS[1 : STEPS.index("publish")]:
        run_step(step, run_id)
    quiet = _asked(readers, questions, PUBLISH_SECONDS)
    clients = _start(readers, questions, PUBLISH_SECONDS, is_first=False)
    time.sleep(START_SECONDS + PUBLISH_SECONDS / 4)
    began = time.time()
    run_step("publish", run_id)
    ended = time.time()
    during = [answer for answer in _collect(clients) if began <= answer[0] <= ended]
    return Figure(
        GROUP, f"readers during a publish, all tenants' questions: p95, {CLIENTS} clients",
        _percentile(during, 95), "ms", "without a publish", _percentile(quiet, 95), 2.0,
        note=f"p50/p95/p99 {_told(during)}, without {_told(quiet)}; publish {ended - began:.1f} s",
    )  # fmt: skip


def _asked(
    readers: list[Reader], questions: list[Question], seconds: float, *, is_first: bool = False
) -> Answers:
    return _collect(_start(readers, questions, seconds, is_first=is_first))


def _start(
    readers: list[Reader], questions: list[Question], seconds: float, *, is_first: bool
) -> list[subprocess.Popen[str]]:
    clients = []
    starts_at = time.time() + START_SECONDS
    for seed, reader in enumerate(readers):
        client = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.query_client"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        told = {
            "url": reader.url,
            "queries": [question.text.format(tenant=reader.tenant) for question in questions],
            "starts_at": starts_at,
            "seconds": seconds,
            "is_first": is_first,
            "seed": seed,
        }
        assert client.stdin is not None
        client.stdin.write(json.dumps(told))
        client.stdin.close()
        clients.append(client)
    return clients


def _collect(clients: list[subprocess.Popen[str]]) -> Answers:
    answers: Answers = []
    for client in clients:
        assert client.stdout is not None
        told = client.stdout.read()
        if client.wait() != 0:
            raise RuntimeError("A client of the queries failed; its error is above.")
        answers += json.loads(told.splitlines()[-1])
    return answers


def _percentile(answers: Answers, percent: int) -> float:
    values = [ms for _, ms in answers]
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _told(answers: Answers) -> str:
    return "/".join(f"{_percentile(answers, percent):.1f}" for percent in (50, 95, 99))
