"""docs/scale-faults.md says what is so: its factor is seen, the next smaller one is not."""

import re

import pytest

from tests.teeth.scale_faults import BLIND, FACTORS, PAGE, ROWS, TAIL, seen, shown
from tests.unit.falsifiers.own_registry import bound

LINE = re.compile(r"\| FALSIFY-(\S+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
STATED = {found[1]: found for found in LINE.finditer(PAGE.read_text(encoding="utf-8"))}
rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.falsifier)


def test_the_page_has_a_line_for_each_falsifier_that_a_factor_can_reach():
    assert set(STATED) == {row.falsifier for row in ROWS}
    left_out = set(bound()) - set(STATED)
    assert all(f"{short} " in TAIL or f"and {short[-3:]}" in TAIL for short in left_out), left_out


@rows
def test_the_stated_factor_is_the_smallest_that_is_seen(row):
    _, where, smallest, by = STATED[row.falsifier].groups()
    assert where == row.where
    names = [shown(factor) for factor in FACTORS]
    if smallest == "none":
        assert (by, seen(row, FACTORS[0])) == (BLIND[row.falsifier], set())
        return
    at = names.index(smallest)
    assert seen(row, FACTORS[at]) == set(re.findall(r"`(\w+)`", by))
    if at + 1 < len(FACTORS):
        assert seen(row, FACTORS[at + 1]) == set()


@rows
def test_the_frame_without_a_factor_raises_no_alarm(row):
    """A factor of 1 goes through everything that the others go through."""
    assert seen(row, 1.0) == set()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@rows
def test_a_hundred_seeds_raise_no_alarm(row):
    for seed in range(2000, 2100):
        assert row.measure(seed) == set(), seed
