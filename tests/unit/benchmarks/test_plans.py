"""A plan over many partitions is kept with one of each scan."""

from __future__ import annotations

from tests.benchmarks.documented import without_repeats

PLAN = """\
Append (actual rows=3)
  Buffers: shared hit=3
  ->  Index Scan using a_20261101_idx on a_20261101 a_1 (actual rows=1)
        Index Cond: (tenant_id = 'x')
  ->  Index Scan using a_20261102_idx on a_20261102 a_2 (actual rows=1)
        Index Cond: (tenant_id = 'x')
  ->  Seq Scan on b_20261101 b (actual rows=1)
        Buffers: shared hit=1
Planning Time: 1 ms"""


def test_partitions_that_repeat_a_scan_are_left_out() -> None:
    lines = PLAN.splitlines()
    assert without_repeats(lines).splitlines() == [*lines[:4], *lines[6:]]
