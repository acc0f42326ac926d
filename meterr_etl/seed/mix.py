"""The make-up of the seeded world: who calls, which models, at which hours. Integers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

DRAW_RANGE = 65_536

TENANTS = (
    "Northwind Robotics",
    "Bluefin Health",
    "Cedar & Stone Legal",
    "Atlas Freight",
    "Lumen Learning",
    "Quarry Finance",
    "Harbor Retail",
    "Vela Biosciences",
    "Orchard Insurance",
    "Signal Media",
    "Tundra Energy",
    "Pocket Museum",
)
TEAMS = ("Platform", "Support", "Search", "Growth", "Data", "Research", "Mobile")
PROJECTS = ("assistant", "search", "triage", "reports", "copilot", "ingest", "evals", "voice")
FEATURES = ("chat", "summarize", "extract", "classify", "draft-reply", "code-review", "rerank")

# Relative calls per hour (UTC) and per weekday (Monday first): two office shifts, quiet nights.
HOURS = (
    14,
    11,
    9,
    8,
    9,
    13,
    24,
    45,
    68,
    82,
    90,
    88,
    80,
    92,
    99,
    100,
    94,
    82,
    66,
    52,
    42,
    33,
    25,
    18,
)
WEEKDAYS = (112, 118, 120, 116, 104, 66, 64)

BATCHED = frozenset(
    {"claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5-mini", "gpt-4o-mini", "gpt-5.1"}
)


@dataclass(frozen=True)
class Model:
    """One model as its provider names it.

    `weight` is its relative share of calls, `prompt` and `answer` the typical tokens of one.
    `prices` are those of input, cached input (None: it has no cache) and output, in millionths of
    a dollar per 1,000 tokens; they only feed `cost_usd`, the gateway's own estimate, which the
    marts do not use. `tier` is the service tier that the provider reports.
    """

    provider: str
    name: str
    weight: int
    prompt: int
    answer: int
    prices: tuple[int | None, int | None, int | None]
    tier: str | None = None
    reasons: bool = False
    hears: bool = False

    @property
    def batches(self) -> bool:
        """Return whether some of its calls are batch jobs."""
        return self.name in BATCHED


def _anthropic(name: str, weight: int, prompt: int, answer: int, price: int) -> Model:
    # Its models differ in size, not in the shape of their prices: cache 1/10, answers 5 times.
    prices = (price, price // 10, price * 5)
    return Model("anthropic", name, weight, prompt, answer, prices, "standard")


def _openai(
    name: str, weight: int, prompt: int, answer: int, prices: tuple[int, int | None, int]
) -> Model:
    is_thinker = name.startswith(("gpt-5", "o4"))
    return Model(
        "openai", name, weight, prompt, answer, prices, "default",
        reasons=is_thinker, hears="audio" in name,
    )  # fmt: skip


def _google(
    name: str, weight: int, prompt: int, answer: int, prices: tuple[int, int, int]
) -> Model:
    return Model("google", name, weight, prompt, answer, prices, reasons=True)


MODELS = (
    _anthropic("claude-sonnet-4-5", 150, 1900, 260, 3000),
    _openai("gpt-5-mini", 170, 900, 240, (250, 25, 2000)),
    _openai("gpt-4o-mini", 140, 700, 130, (150, 75, 600)),
    _openai("gpt-5.1", 110, 1500, 330, (1250, 125, 10000)),
    _google("gemini-2.5-flash", 120, 1100, 190, (300, 30, 2500)),
    _anthropic("claude-haiku-4-5", 90, 1200, 170, 1000),
    _openai("gpt-4o", 60, 1000, 180, (2500, 1250, 10000)),
    _google("gemini-2.5-pro", 45, 2100, 360, (1250, 125, 10000)),
    Model("mistral", "mistral-large-latest", 40, 900, 210, (2000, None, 6000)),
    _anthropic("claude-opus-4-5", 25, 2400, 420, 5000),
    Model("groq", "llama-3.3-70b-versatile", 35, 800, 160, (590, None, 790)),
    Model("mistral", "mistral-small-latest", 30, 900, 230, (150, 15, 600)),
    _openai("o4-mini", 20, 900, 500, (1100, 275, 4400)),
    _openai("gpt-4o-audio-preview", 10, 600, 140, (2500, None, 10000)),
    # A self-hosted model that no catalogue knows: it must show up as unpriced, never as free.
    Model("vllm", "atlas-7b-instruct", 25, 700, 150, (None, None, None)),
)


def cut_points(weights: Sequence[int]) -> list[int]:
    """Return where each share begins when 0..65535 is dealt out in proportion to the weights."""
    total = sum(weights)
    return [DRAW_RANGE * before // total for before in accumulate(weights[:-1], initial=0)]


def zipf_weights(count: int) -> list[int]:
    """Return weights in which the n-th of `count` has 1/n of the first's share."""
    return [1_000_000 // rank for rank in range(1, count + 1)]


def events_of_days(days: Sequence[date], events_per_day: int) -> list[int]:
    """Return how many events each day gets: by its weekday, together exactly mean times days."""
    weights = [WEEKDAYS[day.weekday()] for day in days]
    whole = events_per_day * len(days)
    reached = [whole * so_far // sum(weights) for so_far in accumulate(weights)]
    return [now - before for before, now in zip([0, *reached], reached, strict=False)]
