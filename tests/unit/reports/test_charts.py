"""Bars are as long as their costs, numbers are printed whole, and names can't become markup."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree as ET

from meterr_etl.reports.charts import BAR_WIDTH, LABEL_WIDTH, MOST_BARS, Bar, Part, draw_bars

SVG = "{http://www.w3.org/2000/svg}"


def bar(*costs: str | None, label: str = "core", mark: str | None = None) -> Bar:
    parts = [Part(f"p{n}", Decimal(c) if c else None) for n, c in enumerate(costs)]
    known = [part.cost for part in parts if part.cost is not None]
    # A sum of one would be rounded to 28 digits.
    total = known[0] if len(known) == 1 else sum(known) if known else None
    return Bar(label, parts, total, Decimal(mark) if mark else None)


def drawn(*bars: Bar) -> ET.Element:
    return ET.fromstring(draw_bars(bars, "title"))


def boxes(svg: ET.Element) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(r.attrib["x"]), Decimal(r.attrib["width"])) for r in svg.iter(f"{SVG}rect")]


def texts(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def test_longest_bar_fills_the_width_and_others_are_in_proportion():
    assert boxes(drawn(bar("8"), bar("2"))) == [
        (LABEL_WIDTH, BAR_WIDTH), (LABEL_WIDTH, BAR_WIDTH / 4),
    ]  # fmt: skip


def test_parts_follow_one_another():
    assert boxes(drawn(bar("3", "1"))) == [
        (LABEL_WIDTH, 375), (LABEL_WIDTH + 375, 125),
    ]  # fmt: skip


def test_negative_part_goes_left_of_zero():
    assert boxes(drawn(bar("3", "-1"))) == [
        (LABEL_WIDTH + 125, 375), (LABEL_WIDTH, 125),
    ]  # fmt: skip


def test_mark_beyond_the_bar_is_within_the_chart():
    svg = drawn(bar("5", mark="10"))
    (mark,) = svg.iter(f"{SVG}path")
    assert mark.attrib["d"].startswith(f"M{LABEL_WIDTH + BAR_WIDTH}")
    assert boxes(svg) == [(LABEL_WIDTH, BAR_WIDTH / 2)]


def test_number_is_printed_to_its_last_digit_and_without_an_exponent():
    tiny, long = "0.000000000000000000000001", "123456789012345678.000000000000000000000001"
    assert texts(drawn(bar(tiny), bar(long)))[1::2] == [tiny, long]


def test_what_has_no_price_is_no_bar_and_no_zero():
    svg = drawn(bar(None), bar("0"))
    assert boxes(svg) == []
    assert texts(svg) == ["core", "unpriced", "core", "0"]


def test_name_can_not_become_markup():
    hostile = "</text><script>alert(1)</script>\"'&"
    chart = draw_bars([bar("1", label=hostile)], hostile)
    assert "<script" not in chart
    assert texts(ET.fromstring(chart))[0] == hostile


def test_long_name_is_cut_but_told_in_full_beside_the_bar():
    svg = drawn(bar("1", label="x" * 99))
    assert len(texts(svg)[0]) < 50
    assert next(svg.iter(f"{SVG}title")).text == f"{'x' * 99}: p0 1"


def test_bars_beyond_the_first_are_counted():
    svg = drawn(*[bar("1")] * (MOST_BARS + 3))
    assert len(boxes(svg)) == MOST_BARS
    assert texts(svg)[-1] == "and 3 more, in the table"


def test_nothing_to_draw_is_an_empty_chart():
    assert boxes(drawn()) == []


def test_chart_needs_nothing_from_elsewhere():
    chart = draw_bars([bar("1", "2", mark="3")], "t")
    assert re.findall(r"https?://[^\"]+", chart) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|<image|<style", chart)
