"""The law of the contract: pydantic and SQL give every row the same verdict (DESIGN §5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from meterr_etl.contract.measures import MAX_INT4, Amount, Counter, Moment
from meterr_etl.contract.objects import JsonObject, Quantities
from meterr_etl.contract.token_event import mapped_fields
from meterr_etl.contract.words import Choice, Code, Flag

ROWS_PER_EXAMPLE = 40
BATCHES = settings(
    max_examples=50,
    deadline=None,
    # The failure names the one row; to shrink a batch of forty would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

STORABLE = st.characters(codec="utf-8", exclude_characters="\x00")
NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
NOISE = st.text(st.sampled_from("0123456789+-.eEXx_ T:Z/aº٣\n\t½"), max_size=12)
NUMBERS = st.sampled_from(
    [
        "", "0", "-0", "+7", "118", "118.0", "118.00", "118.5", "118.", ".5", "-1", "0x1F", "1_000",
        "1e3", "1e-5", "4.2E+3", "1e99", "12a", "NaN", "infinity", "-Infinity", "1000000000000",
        "1000000000000.0", "1000000000001", "9223372036854775808", "2147483648", "1e-40", "1e-41",
        "٣", " 5", "5\n", "9" * 41, "9" * 84, "9" * 85, "0" * 80 + "7", "0." + "1" * 41,
    ]
)  # fmt: skip
DATES = ["2026-11-14", "2026-02-30", "2024-02-29", "1970-01-01", "2019-12-31", "2020-01-01"]
DATES += ["2099-12-31", "2100-01-01", "0000-01-01", "0001-01-01", "9999-12-31", "2026-1-1"]
TIMES = ["00:00:00", "23:59:59", "24:00:00", "10:60:00", "10:00:60", "05:03", "5:03:02"]
FRACTIONS = ["", ".1", ".999999", ".9999999", ".123456789", ".1234567890", "."]
ZONES = [
    "",
    "Z",
    "+00",
    "+00:00",
    "+0530",
    "-14:59",
    "+15:00",
    "+09:18:59",
    "+16",
    "+05:3",
    " UTC",
    "z",
    "+09:00:00",
]
TIMESTAMPS = st.one_of(
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(DATES),
        st.sampled_from(["T", " ", "t", "  "]),
        st.sampled_from(TIMES),
        st.sampled_from(FRACTIONS),
        st.sampled_from(ZONES),
    ),
    st.integers(-200_000, 200_000).map(lambda seconds: str(NOON + timedelta(seconds=seconds))),
    st.sampled_from(["infinity", "-infinity", "epoch", "now", "11/12/2026", "20261114T050302Z"]),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**14), 10**14), st.text(STORABLE, max_size=6)
)
KEYS = st.text(STORABLE, max_size=4)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)
OBJECTS = st.dictionaries(KEYS, JSON_VALUES, max_size=3)
JSON_TEXTS = st.one_of(
    st.sampled_from(
        [
            "{}", "null", " null\n", "[]", "[1]", '"text"', "118", "{", "}", "{}}", "tru",
            '{"a": NaN}', '{"a": Infinity}', '{"a": "\\u0000"}', '{"a": "\\ud800"}',
            '{"\\udc00": 1}', '{"a": "\\ud83d\\ude00"}', '{"a": 1e131071}', '{"a": 1e131072}',
            '{"a": 1e-16383}', '{"a": 1e-16384}', '{"a": 0e-16384}', '{"a": 0e999999}',
            '{"a": 1e99999999999}', '{"a": 01}', '{"a": 1.}', '{"a": .5}', '{"a": -}',
            '{"a": -1}', '{"a": 1, "a": 2}', '{"a": 1,}', '{"a": "\t"}', "\ufeff{}", "\u00a0{}",
            '{"a": "' + "é" * 40_000 + '"}', '{"a": "' + "x" * 65_526 + '"}',
            '{"a": "' + "x" * 65_527 + '"}', '{"a":"' + "x" * 65_528 + '"}',
            '{"a":"' + "\\u0001" * 10_000 + '"}', '{"a":' + "[" * 63 + "]" * 63 + "}",
            '{"a":' + "[" * 64 + "]" * 64 + "}", '{"a": "' + "[" * 100 + '"}', "{" + "[" * 100,
            '{"a":' + '{"b":' * 64 + "1" + "}" * 65, '{"output": 1}', '{"images": 2.5}',
            '{"images": 1000000000001}', '{"images": [1]}', '{"images": []}', '{"images": true}',
        ]
    ),
    OBJECTS.map(json.dumps),
    st.text(st.sampled_from('{}[]":, \\u0d8a1e-+.ntf'), max_size=12),
)  # fmt: skip
WORDS = st.one_of(
    st.text(STORABLE, max_size=8),
    st.sampled_from(["", " ", "é" * 128, "é" * 129, "x" * 256, "x" * 257, "x" * 512, "x" * 513]),
)
PLANTED = st.sampled_from(
    [
        "sync", "batch", "async", "leaf", "rollup", "inclusive", "exclusive", "Inclusive", "true",
        "false", "t", "f", "1", "0", "yes", "TRUE", "USD", "usd", "EURO", "USD\n",
        "0190B2A4-7E51-7CC0-9D7F-3F1C8A6F2B11", "{0190b2a4-7e51-7cc0-9d7f-3f1c8a6f2b11}",
        "0190b2a47e517cc09d7f3f1c8a6f2b11", "0190b2a4-7e51-7cc0-9d7f-3f1c8a6f2b12",
    ]
)  # fmt: skip
SMALL = st.integers(-3, 1200)
MOMENTS = st.one_of(
    st.integers(-200_000, 200_000).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    st.datetimes(
        datetime.fromisoformat("0001-01-02"),
        datetime.fromisoformat("9999-12-30"),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]),
    ),
)


def text_value(rule: object) -> st.SearchStrategy[Any]:
    """Text that a column of this kind may hold, sound or hostile."""
    if isinstance(rule, (Counter, Amount)):
        return st.one_of(SMALL.map(str), NUMBERS, NOISE, st.none())
    if isinstance(rule, Moment):
        return st.one_of(TIMESTAMPS, NOISE, st.none())
    if isinstance(rule, JsonObject):
        return st.one_of(JSON_TEXTS, st.none())
    return st.one_of(PLANTED, WORDS, NOISE, st.none())


def typed_value(rule: object) -> st.SearchStrategy[Any]:
    """A value that a column of the contract's own type may hold, sound or hostile."""
    if isinstance(rule, Counter):
        most = MAX_INT4 if rule.pg_type == "integer" else 2**63 - 1
        sound = st.one_of(SMALL, st.integers(-most - 1, most), st.just(most))
    elif isinstance(rule, Amount):
        edges = ["1e12", "1e13", "1e39", "1e40", "1e-40", "1e-41", "NaN", "Infinity", "-Infinity"]
        plain = st.decimals(allow_nan=False, allow_infinity=False, places=12)
        sound = st.one_of(plain, st.sampled_from([Decimal(edge) for edge in edges]))
    elif isinstance(rule, (Choice, Code)):
        sound = PLANTED
    else:
        by_rule = {Moment: MOMENTS, Flag: st.booleans(), JsonObject: OBJECTS, Quantities: OBJECTS}
        sound = by_rule.get(type(rule), WORDS)
    return st.one_of(sound, st.none())


def batches(value_of: Any) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Batches of what rows change in a legal row: one to five fields each."""
    change = st.sampled_from(list(mapped_fields().items())).flatmap(
        lambda item: st.tuples(st.just(item[0]), value_of(item[1].rule))
    )
    row = st.lists(change, min_size=1, max_size=5).map(dict)
    return st.lists(row, min_size=ROWS_PER_EXAMPLE, max_size=ROWS_PER_EXAMPLE)


@BATCHES
@given(changes=batches(text_value))
def test_rows_of_text_get_the_same_verdict_from_pydantic_and_sql(engines, changes):
    rows = [{**engines.legal_row, **change} for change in changes]
    engines.assert_same(rows, engines.text_types)


@BATCHES
@given(changes=batches(typed_value))
def test_typed_rows_and_their_copy_as_text_get_the_same_verdict(engines, changes):
    typed = engines.legal_row_typed
    rows = [{**typed, **change} for change in changes]
    engines.assert_same(rows, engines.contract_types)


def test_the_legal_row_is_legal_so_that_changes_are_what_kills(engines):
    (text,) = engines.assert_same([engines.legal_row], engines.text_types)
    (typed,) = engines.assert_same([engines.legal_row_typed], engines.contract_types)
    assert text.is_legal
    assert typed == text
