"""Comparisons: fail unless within, worst element, exact integers; invariants by Hypothesis."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.compare import OPERATORS, explain, first_not_finite, is_finite, judge
from pv.model.contract import Expectation
from pv.model.receipt import Comparison

NAN, INF = math.nan, math.inf
SCALAR_OPERATORS = [op for op in OPERATORS if op != "within"]
finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
numbers = st.one_of(finite, st.integers(-(2**70), 2**70))


def expect(op, value, tolerance=None, metric="m"):
    return Expectation(metric, op, value, "because", (), tolerance)


@pytest.mark.parametrize(
    ("op", "limit", "tolerance", "value", "met"),
    [
        ("<=", 1.0, None, 1.0, True),
        ("<=", 1.0, None, math.nextafter(1.0, 2), False),
        ("<", 1.0, None, 1.0, False),
        ("<", 1.0, None, math.nextafter(1.0, 0), True),
        (">=", 1.0, None, 1.0, True),
        (">=", 1.0, None, math.nextafter(1.0, 0), False),
        (">", 1.0, None, 1.0, False),
        ("==", 0, None, 0, True),
        ("==", 0, None, 5e-324, False),
        ("==", 0.0, None, -0.0, True),
        ("==", 3331556579, None, 3331556579, True),
        ("==", 3331556579, None, 3331556578, False),
        ("==", 2**53 + 1, None, 2.0**53, False),
        ("within", [0.8, 1.2], None, 0.8, True),
        ("within", [0.8, 1.2], None, 1.2, True),
        ("within", (0.8, 1.2), None, 1.3, False),
        ("near", 0.5, 0.25, 0.75, True),
        ("near", 0.5, 0.25, 0.7500001, False),
        ("near", 0.3, 0.0, 0.1 + 0.2, False),
        ("<=", 1.0, None, (0.1, 0.5, 1.0), True),
        ("<=", 1.0, None, (0.1, 1.5, 1.0), False),
        ("<=", [1.0, 2.0], None, (0.5, 1.5), True),
        ("<=", [1.0, 2.0], None, (1.5, 0.5), False),
        ("within", [[0, 1], [2, 3]], None, (0.5, 2.5), True),
        ("within", [[0, 1], [2, 3]], None, (2.5, 0.5), False),
        ("within", [2, 3], None, (2.5, 2.75), True),
        ("==", [1, 2, 3], None, (1, 2, 3), True),
        ("==", [1, 2, 3], None, (1, 2, 4), False),
    ],
)
def test_limits(op, limit, tolerance, value, met):
    assert judge(expect(op, limit, tolerance), value).met is met


@pytest.mark.parametrize(
    ("op", "limit", "tolerance", "value", "note"),
    [
        ("<=", 1.0, None, None, "not measured"),
        ("<=", 1.0, None, NAN, "nan is not finite"),
        ("<=", 1.0, None, -INF, "-inf is not finite"),
        (">=", 1.0, None, INF, "inf is not finite"),
        ("<=", 1.0, None, (), "the list is empty, so nothing was measured"),
        ("<=", NAN, None, 1.0, "limit nan is not a finite number"),
        ("<=", INF, None, 1.0, "limit inf is not a finite number"),
        ("<=", "1.0", None, 1.0, "limit '1.0' is not a finite number"),
        ("<=", True, None, 0, "limit True is not a finite number"),
        ("<=", [1.0], None, (0.0, 0.5), "lengths differ: 2 measured, 1 limits"),
        ("<=", [1.0, None], None, (0.0, 0.5), "limit None is not a finite number"),
        ("within", [1.2, 0.8], None, 1.0, "limit 1.2 is not [low, high] with low <= high"),
        ("near", 1.0, None, 1.0, "near needs a tolerance that is a number of at least 0"),
        ("near", 1.0, NAN, 1.0, "near needs a tolerance that is a number of at least 0"),
        ("near", 1.0, -1.0, 1.0, "near needs a tolerance that is a number of at least 0"),
    ],
)
def test_what_cannot_be_compared_is_never_met(op, limit, tolerance, value, note):
    found = judge(expect(op, limit, tolerance), value)
    assert (found.met, found.note) == (False, note)


def test_an_unknown_operator_is_named_and_not_met():
    found = judge(expect("~", 1.0), 1.0)
    assert not found.met
    assert "operator '~' is unknown" in found.note


def test_whole_comparison():
    assert judge(expect("<=", 1.0), (0.5, 2.0, 1.5)) == Comparison(
        metric="m",
        op="<=",
        limit=1.0,
        tolerance=None,
        value=(0.5, 2.0, 1.5),
        met=False,
        worst=2.0,
        index=1,
        reason="because",
    )


@pytest.mark.parametrize(
    ("expectation", "value", "text"),
    [
        (expect("<=", 1.0), 0.5, "m 0.5 <= 1"),
        (expect("<=", 1.0), 2.5, "m 2.5 > 1"),
        (expect("<=", [1.0, 2.0]), (0.5, 2.5), "m 2.5 > 2 at [1]"),
        (expect("within", [0.8, 1.2]), 2.0, "m 2 not within [0.8, 1.2]"),
        (expect("within", [0.8, 1.2]), (1.0, 2.0), "m 2 not within [0.8, 1.2] at [1]"),
        (expect("within", [[0, 1], [2, 3]]), (0.5, 5.0), "m 5 not within [2, 3] at [1]"),
        (expect("near", 0.5, 0.01), 0.505, "m 0.505 near 0.5 ± 0.01"),
        (expect("==", 7), 8, "m 8 != 7"),
        (expect("<=", 1.0), NAN, "m: nan is not finite"),
        (expect("<=", 1.0), (0.0, NAN), "m: nan is not finite at [1]"),
        (expect("<=", 1.0), None, "m: not measured"),
    ],
)
def test_explained_in_one_line(expectation, value, text):
    assert explain(judge(expectation, value)) == text


def test_booleans_and_texts_are_no_numbers():
    assert [is_finite(each) for each in (1, 1.5, 2**5000, True, "1", None, NAN)] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert first_not_finite((1, 2.0, INF)) == 2
    assert first_not_finite(NAN) == 0
    assert first_not_finite(3) is None


@given(st.sampled_from(SCALAR_OPERATORS), numbers, st.sampled_from([NAN, INF, -INF]))
def test_nan_and_infinities_are_never_met(op, limit, value):
    assert not judge(expect(op, limit, 1e300), value).met
    assert not judge(expect(op, limit, 1e300), (limit, value)).met


@given(st.sampled_from(["<=", "<"]), numbers, numbers, numbers)
def test_a_looser_limit_keeps_what_is_met(op, value, one, other):
    tight, loose = sorted((one, other))
    if judge(expect(op, tight), value).met:
        assert judge(expect(op, loose), value).met


@given(numbers, numbers, st.floats(0, 1e300), st.floats(0, 1e300))
def test_a_wider_tolerance_keeps_what_is_met(value, target, one, other):
    tight, loose = sorted((one, other))
    if judge(expect("near", target, tight), value).met:
        assert judge(expect("near", target, loose), value).met


@given(
    st.sampled_from(SCALAR_OPERATORS),
    st.lists(numbers, min_size=1, max_size=6),
    numbers,
    st.floats(0, 1e10),
)
def test_a_list_is_met_when_every_element_is(op, values, limit, tolerance):
    each = [judge(expect(op, limit, tolerance), value).met for value in values]
    assert judge(expect(op, limit, tolerance), tuple(values)).met is all(each)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
def test_a_list_of_limits_is_judged_element_by_element(pairs):
    values, limits = zip(*pairs, strict=True)
    each = [judge(expect("<=", limit), value).met for value, limit in pairs]
    assert judge(expect("<=", list(limits)), values).met is all(each)


@given(numbers, numbers)
def test_each_operator_is_the_negation_of_its_rival(value, limit):
    for one, other in (("<=", ">"), (">=", "<")):
        assert judge(expect(one, limit), value).met is not judge(expect(other, limit), value).met
    assert judge(expect("==", limit), value).met is (value == limit)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (10**39, "1" + "0" * 39),
        (10**40, "100000… (41 digits)"),
        (-(10**41) + 1, "-999999… (41 digits)"),
        (2**20000, "398027… (6,021 digits)"),
    ],
    ids=["40 digits", "41 digits", "negative", "beyond what is printed"],
)
def test_an_endless_integer_is_shown_by_its_first_digits(value: int, shown: str) -> None:
    assert explain(judge(expect("==", 7), value)) == f"m {shown} != 7"
