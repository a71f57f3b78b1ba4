"""Each planted fault of the questions about block formats is seen, each limit can be missed."""

import pytest

from pv.errors import UsageError
from pv.falsifiers.block_formats import exact_products, faults, products, weights, written_blocks
from tests.unit.falsifiers.own_registry import bound, measure, unmet

SHORT = [short for short in bound() if short.startswith("BLOCK-")]
BITS = {"numpy_mismatches", "numba_mismatches"}
ULPS = {f"{route}_{backend}_ulp" for route in ("generic", "avx2") for backend in ("numpy", "numba")}


def expected(short, fault):
    """The limits that a fault must miss, by the kind of question."""
    metrics = {each.metric for each in bound()[short].expect}
    if fault == "easy_inputs":
        return metrics - BITS
    if fault in {"other_order", "one_route"}:
        return {"avx2_numpy_ulp"} if fault == "other_order" else {"rows_where_routes_differ"}
    if "error_over_bound" in metrics:
        return ULPS | {"error_over_bound"}
    return BITS


@pytest.mark.parametrize("short", SHORT)
def test_every_fault_is_seen_and_every_limit_can_be_missed(short):
    of, shared, broken = bound()[short], {}, set()
    assert unmet(of, measure(of, shared=shared)) == set()
    for fault in of.controls:
        found = unmet(of, measure(of, fault=fault, shared=shared))
        assert found >= expected(short, fault), fault
        broken |= found
    assert broken == {each.metric for each in of.expect}


def test_there_are_eleven_entries_and_every_control_is_asked_for():
    assert len(SHORT) == 11
    asked = {fault for short in SHORT for fault in bound()[short].controls}
    known = {*weights.CONTROLS, *products.CONTROLS, *written_blocks.CONTROLS}
    assert asked == known
    assert set(faults.READER) <= known


@pytest.mark.parametrize(
    ("short", "fault"), [("BLOCK-001", "missing_minimum"), ("BLOCK-002", "nibble_order")]
)
def test_a_fault_that_does_not_fit_is_refused(short, fault):
    with pytest.raises(UsageError, match=f"control '{fault}' does not fit format"):
        measure(bound()[short], fault=fault)


@pytest.mark.parametrize(
    ("short", "parameter"),
    [("BLOCK-001", "format"), ("BLOCK-004", "product"), ("BLOCK-007", "routine")],
)
def test_an_unknown_name_is_refused(short, parameter):
    with pytest.raises(UsageError, match=f"{parameter} is 'q9', expected one of q"):
        measure(bound()[short], **{parameter: "q9"})


def test_the_exact_sum_by_hand():
    """One Q8_0 value: d = 2, q = -3 times d = 0.5, q = 5."""
    import numpy as np

    weight, vector = np.zeros((1, 1, 34), np.uint8), np.zeros((1, 34), np.uint8)
    weight[0, 0, :2] = np.array([2], "<f2").view(np.uint8)
    vector[0, :2] = np.array([0.5], "<f2").view(np.uint8)
    weight[0, 0, 7], vector[0, 7] = 253, 5
    found = exact_products.multiply("q8_0_q8_0", weight, vector)
    assert (found.exact.tolist(), found.magnitude.tolist()) == ([-15.0], [15.0])
