"""Draws horizontal bars as inline SVG: no script, no font, no address, every name escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

MOST_BARS = 20
LABEL_WIDTH, BAR_WIDTH, VALUE_WIDTH = 300, 500, 190
ROW_HEIGHT, BAR_HEIGHT = 26, 14
MOST_LETTERS = 42
ZERO = Decimal(0)
UNKNOWN = "unpriced"
# A pixel is the one number here that may be rounded.
PIXEL = Decimal("0.1")

TEXT = Markup('<text x="{}" y="{}" class="{}">{}</text>')
RECT = Markup('<rect x="{}" y="{}" width="{}" height="{}" class="part{}"><title>{}</title></rect>')
MARK = Markup('<path d="M{} {}v{}" class="mark"><title>{}</title></path>')
CHART = Markup(
    '<svg viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">{}</svg>'
)


@dataclass(frozen=True)
class Part:
    """A piece of a bar; without a cost it is not drawn."""

    name: str
    cost: Decimal | None


@dataclass(frozen=True)
class Bar:
    """A named row: its parts one after the other, and a mark to compare them with.

    `total` is printed as it is: the parts are added up where sums are exact, in SQL.
    """

    label: str
    parts: Sequence[Part]
    total: Decimal | None
    mark: Decimal | None = None

    @property
    def reach(self) -> tuple[Decimal, Decimal]:
        """How far it goes to the left of zero and to the right."""
        costs = [part.cost for part in self.parts if part.cost is not None]
        left = sum((cost for cost in costs if cost < 0), ZERO)
        right = sum((cost for cost in costs if cost > 0), ZERO)
        return left, max(right, self.mark or ZERO)


def draw_bars(bars: Sequence[Bar], title: str) -> Markup:
    """Return the chart of the first bars; what is cut off is counted in its last line."""
    shown = bars[:MOST_BARS]
    least = min((bar.reach[0] for bar in shown), default=ZERO)
    span = max((bar.reach[1] for bar in shown), default=ZERO) - least
    scale = Decimal(BAR_WIDTH) / span if span else ZERO
    drawn = [_row(bar, number, scale, -least) for number, bar in enumerate(shown)]
    height = ROW_HEIGHT * len(shown)
    if rest := len(bars) - len(shown):
        drawn.append(TEXT.format(0, height + 18, "soft", f"and {rest} more, in the table"))
        height += ROW_HEIGHT
    width = LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH
    return CHART.format(width, height, title, Markup("").join(drawn))


def legend(bars: Iterable[Bar]) -> dict[str, int]:
    """Return the names of the parts that any bar has, each with its place, which is its colour."""
    return {
        part.name: place
        for bar in bars
        for place, part in enumerate(bar.parts)
        if part.cost is not None
    }


def _row(bar: Bar, number: int, scale: Decimal, zero: Decimal) -> Markup:
    top = ROW_HEIGHT * number + (ROW_HEIGHT - BAR_HEIGHT) // 2
    baseline = top + BAR_HEIGHT - 2
    drawn = [TEXT.format(0, baseline, "label", _shortened(bar.label))]
    left = right = zero
    for place, part in enumerate(bar.parts):
        if not part.cost:
            continue
        start = right if part.cost > 0 else left + part.cost
        told = f"{bar.label}: {part.name} {part.cost:f}"
        drawn.append(
            RECT.format(
                _at(start * scale), top, _pixels(abs(part.cost) * scale), BAR_HEIGHT, place, told
            )
        )
        left, right = (left, right + part.cost) if part.cost > 0 else (start, right)
    if bar.mark is not None:
        x = _at((zero + bar.mark) * scale)
        drawn.append(MARK.format(x, top - 4, BAR_HEIGHT + 8, f"{bar.mark:f}"))
    value = UNKNOWN if bar.total is None else f"{bar.total:f}"
    drawn.append(TEXT.format(LABEL_WIDTH + BAR_WIDTH + 10, baseline, "value", value))
    return Markup("").join(drawn)


def _at(offset: Decimal) -> Decimal:
    return LABEL_WIDTH + _pixels(offset)


def _pixels(length: Decimal) -> Decimal:
    return length.quantize(PIXEL)


def _shortened(label: str) -> str:
    return label if len(label) <= MOST_LETTERS else label[: MOST_LETTERS - 1] + "…"
