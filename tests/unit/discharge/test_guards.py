"""Each guard: a case where it trips, and one it leaves alone."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.discharge.guards import GUARDS, on_controls, on_measurements
from pv.discharge.guards.conditioning import SMALLEST_SHARE, conditioning
from pv.discharge.guards.coupling import coupling
from pv.discharge.guards.like_with_like import SAMPLE_FIELDS, like_with_like
from pv.discharge.guards.teeth import teeth
from pv.discharge.validity import refused, values
from pv.model.measurement import (
    Chain,
    Conditioning,
    Measurements,
    Metric,
    Ratio,
    Sample,
    Statistic,
)
from pv.model.receipt import ControlResult

OVER_SEVEN = Sample("all", 7 * 18944, (7, 18944), "std (population)", "float32", "ffn_swigl, A")
OVER_LAST = Sample("last", 18944, (18944,), "std (population)", "float32", "ffn_swigl, B")


def ratio(one, other, metrics=("std", "std")):
    return Ratio("std_ratio", Statistic(metrics[0], 18.23, one), Statistic(metrics[1], 1.0, other))


def test_a_spread_over_seven_tokens_is_not_divided_by_that_of_the_last():
    found = like_with_like([ratio(OVER_SEVEN, OVER_LAST)])
    assert found.tripped
    assert found.reason == ("std_ratio is refused: tokens all against last; also elements, shape")
    assert found.numbers["std_ratio"]["elements"] == [132608, 18944]


def test_the_refused_quotient_is_not_computed_and_nothing_stands_in_for_it():
    unlike = ratio(OVER_SEVEN, OVER_LAST)
    smuggled = Metric("std_ratio", 18.23, "1", OVER_LAST)
    measurements = Measurements((smuggled,), ratios=(unlike,))
    assert values(measurements) == {}
    assert refused(measurements) == {"std_ratio"}
    alike = replace(unlike, numerator=replace(unlike.numerator, sample=OVER_LAST))
    assert values(Measurements((), ratios=(alike,))) == {"std_ratio": 18.23}


def test_equal_samples_of_two_sources_are_left_alone():
    found = like_with_like([ratio(replace(OVER_LAST, source="A"), OVER_LAST)])
    assert (found.applies, found.tripped) == (True, False)


@pytest.mark.parametrize("field", SAMPLE_FIELDS)
def test_every_property_of_the_sample_counts(field):
    other = {"elements": 1, "shape": (1, 2)}.get(field, "something else")
    assert like_with_like([ratio(replace(OVER_LAST, **{field: other}), OVER_LAST)]).tripped


def test_a_scalar_is_not_a_baseline_for_a_vector():
    found = like_with_like(
        [ratio(OVER_LAST, OVER_LAST, ("vector difference", "scalar difference"))]
    )
    assert found.tripped
    assert "metric vector difference against scalar difference" in found.reason


def chain(coupled, unchained, shuffled, bound=1e-3):
    return Chain("drift", coupled, unchained, shuffled, (bound,) * len(coupled))


def test_a_series_that_unchained_runs_repeat_is_no_chain():
    found = coupling([chain((0.5, 0.6, 0.7), (0.5, 0.6005, 0.7), (0.9, 0.1, 0.2))])
    assert found.tripped
    assert found.reason == "no chain, unchained within 0.0005 over 3 links"
    assert found.numbers["drift"]["largest difference from shuffled"] == pytest.approx(0.5)


def test_a_series_that_any_order_repeats_is_no_chain():
    found = coupling([chain((0.5, 0.6, 0.7), (0.9, 0.9, 0.9), (0.5, 0.6, 0.7009))])
    assert found.tripped
    assert "shuffled within 0.0009" in found.reason


def test_one_link_that_carries_makes_a_chain():
    found = coupling([chain((0.5, 0.6, 0.7), (0.5, 0.6, 0.71), (0.5, 0.6, 0.69))])
    assert (found.applies, found.tripped) == (True, False)


def test_the_bound_is_taken_link_by_link():
    loose_elsewhere = Chain("drift", (0.5, 0.6), (0.5, 0.7), (0.5, 0.7), (1.0, 0.01))
    assert not coupling([loose_elsewhere]).tripped


@given(
    st.lists(st.tuples(st.floats(-10, 10), st.floats(-1, 1)), min_size=1, max_size=8),
    st.floats(0.001, 1),
)
def test_noise_within_the_bound_never_makes_a_chain(links, bound):
    coupled = tuple(value for value, _ in links)
    noisy = tuple(value + noise * bound * 0.999 for value, noise in links)
    assert coupling([chain(coupled, noisy, noisy, bound)]).tripped


def record(difference, denominator, scale):
    return Conditioning("rd", (difference,), (denominator,), (scale,))


def test_a_near_zero_denominator_is_named_with_its_share():
    # As published for one layer: 442 % because |A| is 0.0016, while |A - B| is of ordinary size.
    found = conditioning([record(0.0071, 0.0016, 25.0)])
    assert found.tripped
    assert found.reason.startswith("rd: |A| = 0.0016 at [0] is 6.4e-05 of Σ|x||w|, expected above")
    assert found.numbers["rd"]["|A-B| / Σ|x||w|"] == pytest.approx(0.0071 / 25)


def test_a_healthy_dot_product_is_left_alone():
    # Random signs: |A| is near Σ|x||w| / sqrt(n), here n = 1536.
    found = conditioning([record(0.0071, 25.0 / math.sqrt(1536), 25.0)])
    assert (found.applies, found.tripped) == (True, False)


@pytest.mark.parametrize(
    ("difference", "denominator", "scale", "tripped"),
    [
        (1.0, SMALLEST_SHARE, 1.0, True),
        (1.0, math.nextafter(SMALLEST_SHARE, 1), 1.0, False),
        (1.0, 0.0, 1.0, True),
        (0.0, 0.0, 1.0, False),
        (0.0, 0.0, 0.0, False),
        (1.0, -0.5, 1.0, False),
    ],
)
def test_where_the_limit_lies(difference, denominator, scale, tripped):
    assert conditioning([record(difference, denominator, scale)]).tripped is tripped


def test_the_worst_of_many_elements_decides():
    many = Conditioning("rd", (0.1, 0.1, 0.1), (1.0, 0.001, 2.0), (10.0, 10.0, 10.0))
    found = conditioning([many])
    assert found.tripped
    assert found.numbers["rd"]["element"] == 1


def control(name, *, expected_red=True, red=True, finite=True, note="growth 9 > 2"):
    return ControlResult(name, expected_red, red, finite, (), note)


@pytest.mark.parametrize(
    ("controls", "tripped", "reason"),
    [
        ([], True, "no control is declared, so nothing shows that this falsifier can fail"),
        ([control("a")], False, "1 of 1 planted faults went red"),
        (
            [control("a"), control("b", red=False)],
            True,
            "control b stayed green: the planted fault was not noticed",
        ),
        (
            [control("a"), control("g", expected_red=False, red=True)],
            True,
            "control g went red, expected green: growth 9 > 2",
        ),
        ([control("a"), control("g", expected_red=False, red=False)], False, "1 of 1 planted"),
        (
            [control("g", expected_red=False, red=False)],
            True,
            "no control is declared, so nothing shows that this falsifier can fail",
        ),
        (
            [control("a", red=False, finite=False, note="growth is nan")],
            True,
            "control a shows nothing: growth is nan",
        ),
    ],
)
def test_teeth(controls, tripped, reason):
    found = teeth(controls)
    assert found.tripped is tripped
    assert reason in found.reason


def test_every_guard_speaks_even_where_it_has_nothing_to_look_at():
    found = (*on_measurements(Measurements(())), on_controls([]))
    assert tuple(each.guard for each in found) == GUARDS
    assert [each.applies for each in found] == [False, False, False, True]


def test_a_control_that_is_listed_twice_is_no_second_fault():
    found = teeth([control("a"), control("a")])
    assert found.tripped
    assert "control a is listed twice" in found.reason
