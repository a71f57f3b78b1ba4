"""Each guard: a case where it trips, and one it leaves alone."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.compare import judge
from pv.discharge.guards import GUARDS, look
from pv.discharge.guards.conditioning import SMALLEST_SHARE, conditioning
from pv.discharge.guards.coupling import coupling
from pv.discharge.guards.interface import Earlier, Registration, Seen, stopped
from pv.discharge.guards.like_with_like import SAMPLE_FIELDS, like_with_like
from pv.discharge.guards.teeth import teeth
from pv.discharge.validity import refused, values
from pv.model.contract import Expectation
from pv.model.measurement import (
    Baseline,
    Chain,
    Conditioning,
    Interval,
    Measurements,
    Metric,
    Null,
    Ratio,
    Sample,
    Side,
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
    found = look(Seen(Measurements(()), controls=()))
    assert tuple(each.guard for each in found) == tuple(each.name for each in GUARDS)
    assert [each.guard for each in found if each.applies] == ["teeth"]


def test_a_companion_has_no_controls_and_needs_none():
    assert not any(each.applies for each in look(Seen(Measurements(()))))


def test_a_control_that_is_listed_twice_is_no_second_fault():
    found = teeth([control("a"), control("a")])
    assert found.tripped
    assert "control a is listed twice" in found.reason


@pytest.mark.parametrize("guard", GUARDS, ids=lambda each: each.name)
def test_each_guard_stops_its_example_and_leaves_the_sound_one_alone(guard):
    about, run = guard.trips()
    found = guard.check(run)
    assert about
    assert (found.guard, found.applies, stopped(found)) == (guard.name, True, True)
    about, run = guard.leaves()
    found = guard.check(run)
    assert about
    assert (found.guard, found.applies, stopped(found)) == (guard.name, True, False)


SUMMED = Sample("none", 64, (64,), "mean", "float64", "seeded rows")


def seen(*metrics, limits=(), **evidence):
    expect = tuple(Expectation(n, op, v, "limit", (), t) for n, op, v, t in limits)
    more = {k: evidence.pop(k) for k in list(evidence) if k in Seen.__dataclass_fields__}
    return Seen(Measurements(tuple(metrics), **evidence), expect, **more)


def check(name, run):
    return next(each for each in GUARDS if each.name == name).check(run)


@pytest.mark.parametrize(
    ("op", "limit", "low", "high", "tripped"),
    [
        ("<", 2.0, 1.0, 1.9, False),
        ("<", 2.0, 1.0, 2.0, True),
        ("<=", 2.0, 1.0, 2.0, False),
        ("<", 2.0, 2.5, 3.0, False),  # refuted, and clearly so
        ("within", [0.8, 1.2], 0.9, 1.1, False),
        ("within", [0.8, 1.2], 0.7, 1.1, True),
        ("within", [0.8, 1.2], 0.7, 1.3, True),  # wider than the band on both sides
        ("within", [0.8, 1.2], 1.3, 1.5, False),
        ("near", 1.0, 0.0, 9.0, False),  # golden: the figure of one fixture
    ],
)
def test_power_where_the_interval_lies(op, limit, low, high, tripped):
    middle = Metric("mean", (low + high) / 2, "1", SUMMED)
    interval = Interval("mean", low, high, "rows", 64)
    tolerance = 0.1 if op == "near" else None
    found = check(
        "power", seen(middle, limits=[("mean", op, limit, tolerance)], intervals=(interval,))
    )
    assert found.tripped is tripped


def test_power_asks_each_element_for_its_own_interval():
    by_layer = Metric("m", (1.0, 1.1), "1", replace(SUMMED, reduction="median by layer"))
    limits = [("m", "within", [0.8, 1.2], None)]
    wide = Interval("m", (0.9, 0.9), (1.1, 1.3), "sentences", 16)
    found = check("power", seen(by_layer, limits=limits, intervals=(wide,)))
    assert found.reason.startswith("m at [1] lies in [0.9, 1.3] over 16 sentences")
    narrow = replace(wide, high=(1.1, 1.15))
    assert not check("power", seen(by_layer, limits=limits, intervals=(narrow,))).tripped
    short = replace(wide, low=(0.9,))
    assert (
        "2 values, 1 and 2 ends"
        in check("power", seen(by_layer, limits=limits, intervals=(short,))).reason
    )


def test_power_refuses_a_mean_without_an_interval_and_asks_none_of_a_maximum():
    limits = [("m", "<", 2.0, None)]
    assert (
        "a mean without an interval"
        in check("power", seen(Metric("m", 1.0, "1", SUMMED), limits=limits)).reason
    )
    largest = replace(SUMMED, reduction="maximum")
    assert not check("power", seen(Metric("m", 1.0, "1", largest), limits=limits)).applies


def side(value, source="chain", depth="", metric="d"):
    return Statistic(metric, value, replace(SUMMED, source=source, depth=depth))


@pytest.mark.parametrize(
    ("name", "one", "other", "reason"),
    [
        ("growth", side(2.0, depth="4"), side(1.0, depth="0"), ""),
        ("std_ratio", side(2.0), side(1.0, source="other"), ""),
        ("growth", side(2.0), side(1.0), "depth is not named on both sides"),
        ("std_ratio", side(2.0, depth="4"), side(1.0), "depth is not named on both sides"),
        ("growth", side(2.0, depth="4"), side(1.0, depth="4"), "both sides are at depth 4"),
        ("std_ratio", side(2.0), side(1.0, source=""), "its denominator names no fixture"),
        ("std_ratio", side(2.0, metric=""), side(1.0), "its numerator names no metric"),
        ("growth", side(2.0, depth="4"), side(1.0, "alone", "0"), "chain over alone is no growth"),
    ],
)
def test_baseline_names_both_sides(name, one, other, reason):
    found = check("baseline", seen(ratios=(Ratio(name, one, other),)))
    assert (found.tripped, reason in found.reason) == (bool(reason), True)


def test_baseline_of_a_judged_growth_that_is_no_ratio():
    growth = Metric("growth_upper", 1.2, "1", SUMMED)
    limits = [("growth_upper", "<", 2.0, None)]
    assert "growth_upper names no baseline" in check("baseline", seen(growth, limits=limits)).reason
    named = Baseline("growth_upper", Side("drift", "stream", "4"), Side("drift", "stream", "0"))
    assert not check("baseline", seen(growth, limits=limits, baselines=(named,))).tripped


@pytest.mark.parametrize(
    ("limits", "tripped"),
    [
        ([("<", 2.236)], False),
        ([("<", 18.0)], True),
        ([("<", 2.236), ("<", 6.7)], False),  # one limit at the null is enough
        ([(">", 2.236)], False),
        ([(">", 1.0)], True),
        ([("within", [0.9, 1.1])], False),
    ],
)
def test_null_model(limits, tripped):
    growth = Metric("growth", 1.0, "1", SUMMED)
    judged = [("growth", op, value, None) for op, value in limits]
    null = Null("growth", 2.236, "sqrt(5)")
    assert check("null-model", seen(growth, limits=judged, nulls=(null,))).tripped is tripped
    assert (
        "growth is held against no null" in check("null-model", seen(growth, limits=judged)).reason
    )


@pytest.mark.parametrize(
    ("op", "limit", "declared", "reason"),
    [
        (">=", 1, (0, 10), ""),
        (">=", 0, (0, 10), "n >= 0 cannot fail: the metric lies in [0, 10]"),
        ("<=", 1.0, (0.0, 1.0), "cannot fail"),
        ("<=", 1.0, (0.0, None), ""),
        ("==", 0, (0, None), ""),
        ("==", 0, (0, 0), "cannot fail"),
        ("within", [0, 5], (1, 4), "cannot fail"),
        ("within", [0, 5], (None, None), ""),
        ("==", [64, 64], (0, 64), ""),
        (">", 1e-9, None, "was broken by no control, and the metric declares no range"),
    ],
)
def test_non_vacuity_by_range(op, limit, declared, reason):
    count = Metric("n", 1, "count", SUMMED, range=declared)
    found = check("non-vacuity", seen(count, limits=[("n", op, limit, None)], controls=()))
    assert (found.tripped, reason in found.reason) == (bool(reason), True)


def test_non_vacuity_is_not_shown_by_what_could_not_be_compared():
    limit = Expectation("n", "==", [1, 2], "limit", ())
    shorter = ControlResult("cut", True, True, True, (judge(limit, (1,)),))
    metric = Metric("n", (1, 2), "count", SUMMED)
    run = Seen(Measurements((metric,)), (limit,), (shorter,))
    assert check("non-vacuity", run).tripped
    red = replace(shorter, comparisons=(judge(limit, (1, 3)),))
    assert not check("non-vacuity", replace(run, controls=(red,))).tripped
    green = replace(red, expected_red=False)
    assert check("non-vacuity", replace(run, controls=(green,))).tripped


CPU = {"device": "cpu", "processor": "one", "packages": {"numpy": "2"}}


def earlier(value, environment=CPU, across=None):
    metric = Metric("m", value, "1", SUMMED, across=across)
    return Earlier("contracts/evidence/F/1.json", Measurements((metric,)), environment)


@pytest.mark.parametrize(
    ("before", "environment", "tripped"),
    [
        (1.0, CPU, False),
        (1.0 + 2**-52, CPU, True),
        (1.0 + 2**-52, {**CPU, "processor": "another"}, False),
        (1.005, {**CPU, "processor": "another"}, False),
        (1.02, {**CPU, "processor": "another"}, True),
        (1.02, {**CPU, "packages": {"numpy": "3"}}, True),
        (1.0, {**CPU, "libraries": {"libggml.so": "ab"}}, False),
    ],
)
def test_determinism_against_earlier_receipts(before, environment, tripped):
    metric = Metric("m", 1.0, "1", SUMMED, across=0.01)
    run = seen(metric, environment=CPU, earlier=(earlier(before, environment),))
    found = check("determinism", run)
    assert (found.applies, found.tripped) == (True, tripped)


def test_determinism_across_devices_asks_only_what_is_declared():
    metric = Metric("m", 1.0, "1", SUMMED)
    run = seen(metric, environment=CPU, earlier=(earlier(9.0, {**CPU, "device": "cuda"}),))
    assert not check("determinism", run).tripped


def test_determinism_leaves_clocks_alone_and_names_a_second_run_that_crashed():
    def timed(value):
        return Measurements((Metric("t", value, "s", SUMMED), Metric("m", 1.0, "1", SUMMED)))

    assert not check("determinism", Seen(timed(1.0), again=timed(2.0))).tripped
    crashed = check("determinism", Seen(timed(1.0), again_failed="ended in crash: segfault"))
    assert crashed.reason == "the second run ended in crash: segfault"
    assert crashed.tripped


@pytest.mark.parametrize(
    ("environment", "tripped", "mark"),
    [
        ({"device": "cpu", "processor": "one"}, False, ""),
        ({"device": "cpu"}, True, ""),
        ({"device": "cuda", "processor": "one"}, True, ""),
        ({"device": "cuda", "accelerator": {"name": "a card"}}, False, ""),
        ({"device": "cuda-simulator", "processor": "one"}, False, "SIMULATOR"),
    ],
)
def test_environment_names_what_it_ran_on(environment, tripped, mark):
    found = check("environment", seen(environment=environment))
    assert (found.tripped, found.mark) == (tripped, mark)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"load": 0.5, "processors": 2, "mhz": 2990.0, "highest_mhz": 3000.0}, ""),
        ({"load": 2.5, "processors": 2}, "under a load of 2.5 on 2 processors"),
        ({"load": 0.5, "processors": 2, "mhz": 1500.0, "highest_mhz": 3000.0}, "1500 of 3000 MHz"),
        ({"load": None, "processors": 2}, "under a load of None"),
        (None, "without a record of load"),
    ],
)
def test_environment_of_a_timing(about, reason):
    where = {"device": "cpu", "processor": "one", "surroundings": about}
    speed = Metric("read", 9.0, "GB/s", SUMMED)
    found = check("environment", seen(speed, limits=[("read", ">", 8.0, None)], environment=where))
    assert (found.tripped, reason in found.reason) == (bool(reason), True)
    # A number that is no time does not depend on the load.
    plain = replace(speed, unit="1")
    assert not check(
        "environment", seen(plain, limits=[("read", ">", 8.0, None)], environment=where)
    ).tripped


@pytest.mark.parametrize(
    ("dtype", "reduction", "order", "reason"),
    [
        ("float64", "sum", "", ""),
        ("float32", "sum", "index order", ""),
        ("float32", "sum", "", "sum accumulated in float32 in no named order"),
        ("float16", "mean by layer", "", "accumulated in float16"),
        ("float32", "maximum", "", ""),
        ("int64", "sum", "", ""),
        ("", "none", "", "dtype is not recorded"),
        ("double-ish", "none", "", "dtype is double-ish, expected a NumPy type"),
    ],
)
def test_precision_of_what_is_judged(dtype, reduction, order, reason):
    over = replace(SUMMED, dtype=dtype, reduction=reduction, order=order)
    run = seen(Metric("m", 1.0, "1", over), limits=[("m", "<", 2.0, None)])
    found = check("precision", run)
    assert (found.tripped, reason in found.reason) == (bool(reason), True)


def test_preregistration_marks_and_never_trips():
    for registration, mark in ((Registration(None), "POST-HOC"), (Registration("a" * 40), "")):
        found = check("preregistration", seen(registration=registration))
        assert (found.applies, found.tripped, found.mark) == (True, False, mark)


def test_the_word_of_determinism_does_not_depend_on_how_many_receipts_there_are():
    metric = Metric("m", 1.0, "1", SUMMED)
    for again in (None, Measurements((metric,))):
        words = {
            check("determinism", seen(metric, environment=CPU, again=again, earlier=those)).reason
            for those in ((), (earlier(1.0),), (earlier(1.0), earlier(1.0)))
        }
        assert len(words) == 1


def test_determinism_has_nothing_to_say_where_nobody_looked():
    assert not check("determinism", seen(Metric("m", 1.0, "1", SUMMED))).applies
