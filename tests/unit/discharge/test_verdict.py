"""From measurements to a verdict, and from verdicts to an exit code."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.discharge.job import AGAIN, SOUND, Ending, Returned, Step
from pv.discharge.verdict import exit_code, judge_run
from pv.model.contract import Companion, Expectation
from pv.model.measurement import Chain, Measurements, Metric, Ratio, Sample, Series, Statistic
from pv.model.receipt import Outcome
from pv.model.verdict import Cause, Level, Verdict

SAMPLE = Sample("none", 1, (1,), "none", "float64")
NAN = float("nan")


def excess(value, **more):
    return Measurements((Metric("excess", value, "1", SAMPLE),), **more)


def test_held_when_met_and_the_fault_went_red(make_job, came_back):
    found = judge_run(make_job(), came_back(excess(1.0), tripled=excess(3.0)))
    assert (found.verdict, found.headline) == (Verdict.HELD, "excess 1 <= 2")
    (control,) = found.controls
    assert (control.red, control.as_expected, control.note) == (True, True, "excess 3 > 2")


def test_refuted_with_the_number_against_its_limit(make_job, came_back):
    found = judge_run(make_job(), came_back(excess(2.5), tripled=excess(7.5)))
    assert (found.verdict, found.headline) == (Verdict.REFUTED, "excess 2.5 > 2")


@pytest.mark.parametrize("sound", [1.0, 2.5])
def test_a_green_control_makes_any_answer_inconclusive(make_job, came_back, sound):
    found = judge_run(make_job(), came_back(excess(sound), tripled=excess(1.0)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "tripled stayed green" in found.headline


def test_without_controls_nothing_is_shown(make_job, came_back):
    found = judge_run(make_job(controls=()), came_back(excess(1.0)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no control is declared" in found.headline


def test_a_harmless_change_that_goes_red_makes_it_inconclusive(make_job, came_back):
    job = make_job(green_controls=("harmless",))
    found = judge_run(job, came_back(excess(1.0), tripled=excess(3.0), harmless=excess(5.0)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "harmless went red" in found.headline


def test_a_control_that_is_not_finite_shows_nothing(make_job, came_back):
    found = judge_run(make_job(), came_back(excess(1.0), tripled=excess(NAN)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.controls[0].finite is False


def test_no_expectation_judges_nothing(make_job, came_back):
    found = judge_run(make_job(expect=()), came_back(excess(1.0), tripled=excess(3.0)))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_tripped_guard_outranks_a_refutation(make_job, came_back):
    no_chain = Chain("drift", (1.0, 2.0), (1.0, 2.0), (1.0, 2.0), (0.1, 0.1))
    found = judge_run(make_job(), came_back(excess(9.0, chains=(no_chain,)), tripled=excess(27.0)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.headline.startswith("no chain")


def test_an_unlike_ratio_is_inconclusive_and_never_red(make_job, came_back):
    unlike = Ratio(
        "excess",
        Statistic("std", 9.0, Sample("all", 7, (7,), "std", "float32")),
        Statistic("std", 1.0, Sample("last", 1, (1,), "std", "float32")),
    )
    measured = Measurements((), ratios=(unlike,))
    found = judge_run(make_job(), came_back(measured, tripled=measured))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.comparisons[0].value is None
    assert found.controls[0].red is False


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        (excess(NAN), "metric excess is nan, expected a finite number"),
        (excess((1.0, float("inf"))), "metric excess at [1] is inf"),
        (Measurements(()), "nothing was measured"),
        (Measurements((Metric("other", 1.0, "1", SAMPLE),)), "excess is expected and was not"),
        (Measurements(excess(1.0).metrics * 2), "metric excess is given 2 times"),
        (
            excess(1.0, chains=(Chain("c", (1.0,), (), (1.0,), (1.0,)),)),
            "chain c: expected columns",
        ),
        (excess(1.0, chains=(Chain("c", (), (), (), ()),)), "chain c: expected columns"),
        (excess(1.0, series=(Series("s", "x", "y", (1.0,), (NAN,)),)), "series s at [0] is nan"),
        (
            excess(
                1.0,
                ratios=(Ratio("r", Statistic("m", 1.0, SAMPLE), Statistic("m", 0.0, SAMPLE)),),
            ),
            "ratio r has a denominator of 0",
        ),
    ],
)
def test_measurements_that_cannot_be_judged_are_an_error(make_job, came_back, measured, words):
    found = judge_run(make_job(), came_back(measured, tripled=excess(3.0)))
    assert (found.verdict, found.cause) == (Verdict.ERROR, Cause.INVALID_MEASUREMENT)
    assert words in found.headline


@pytest.mark.parametrize(
    ("ending", "verdict", "cause"),
    [
        (Ending.MISSING, Verdict.SKIPPED, None),
        (Ending.BAD_INPUT, Verdict.ERROR, Cause.BAD_INPUT),
        (Ending.INVALID, Verdict.ERROR, Cause.INVALID_MEASUREMENT),
        (Ending.OUT_OF_MEMORY, Verdict.ERROR, Cause.OUT_OF_MEMORY),
        (Ending.CRASHED, Verdict.ERROR, Cause.CRASH),
        (Ending.TIMED_OUT, Verdict.TIMEOUT, None),
    ],
)
@pytest.mark.parametrize("where", [SOUND, "tripled"])
def test_a_run_that_failed_has_no_verdict_on_the_claim(
    make_job, came_back, ending, verdict, cause, where
):
    if where == SOUND:
        returned = Returned((Step(SOUND, ending, "planted"),), ending, "planted", SOUND)
    else:
        returned = came_back(excess(1.0), tripled=ending)
    found = judge_run(make_job(), returned)
    assert (found.verdict, found.cause) == (verdict, cause)
    assert found.headline == ("planted" if where == SOUND else "control:tripled: planted")
    assert found.measurements is None


def test_a_companion_is_judged_apart_and_changes_nothing(make_job, came_back, values):
    beside = Companion(
        "as published", "h", {}, (Expectation("excess", "<=", 2.0, "because", ()),), ()
    )
    job = make_job(beside=(beside,))
    returned = came_back(excess(1.0), tripled=excess(3.0))
    for step, verdict in (
        (Step("beside:as published", Ending.MEASURED, measurements=values(excess=9.0)), "REFUTED"),
        (Step("beside:as published", Ending.MEASURED, measurements=values(excess=1.0)), "HELD"),
        (Step("beside:as published", Ending.CRASHED, "boom"), "ERROR"),
        (Step("beside:as published", Ending.MEASURED, measurements=values(other=1.0)), "ERROR"),
    ):
        with_it = Returned((*returned.steps, step), Ending.MEASURED, "", SOUND)
        found = judge_run(job, with_it)
        assert found.verdict is Verdict.HELD
        assert [each.verdict for each in found.companions] == [verdict]


def test_a_crash_in_a_companion_leaves_the_verdict_alone(make_job, came_back):
    beside = Companion("as published", "h", {}, (), ())
    returned = came_back(excess(1.0), tripled=excess(3.0))
    crashed = Returned(returned.steps, Ending.CRASHED, "ended by SIGSEGV", "beside:as published")
    found = judge_run(make_job(beside=(beside,)), crashed)
    assert found.verdict is Verdict.HELD
    assert found.companions[0].verdict is Verdict.ERROR


def outcome(verdict, level=Level.SYNTHETIC):
    return Outcome("F", "c", verdict, level, "", "cpu")


def expected_code(verdicts):
    """The table of the contract language, written the other way round."""
    if Verdict.REFUTED in verdicts:
        return 1
    asked = set(verdicts) - {Verdict.NOT_RUN}
    return 0 if asked == {Verdict.HELD} else 3


def test_exit_codes_over_all_combinations_of_up_to_three():
    for count in range(4):
        for verdicts in itertools.product(Verdict, repeat=count):
            assert exit_code(map(outcome, verdicts)) == expected_code(verdicts), verdicts


@given(st.lists(st.sampled_from(Verdict), max_size=12))
def test_nothing_held_is_never_success(verdicts):
    code = exit_code(map(outcome, verdicts))
    assert code == expected_code(verdicts)
    if code == 0:
        assert Verdict.HELD in verdicts
    assert (code == 1) is (Verdict.REFUTED in verdicts)


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.sampled_from(Level)), max_size=8))
def test_required_live_runs_that_did_not_happen_are_no_success(pairs):
    outcomes = [outcome(*pair) for pair in pairs]
    left_out = (Verdict.NOT_RUN, Level.LIVE) in pairs
    plain, strict = exit_code(outcomes), exit_code(outcomes, require_live=True)
    assert strict == (3 if plain == 0 and left_out else plain)


BY_LAYER = (Expectation("excess", "<=", [2.0, 2.0], "one limit a layer", ()),)


@pytest.mark.parametrize(
    ("sound", "fault", "verdict", "words"),
    [
        ((1.0, 1.0), (1.0, 3.0), Verdict.HELD, "excess 1 <= 2"),
        ((1.0, 3.0), (1.0, 9.0), Verdict.REFUTED, "excess 3 > 2 at [1]"),
        ((1.0,), (3.0,), Verdict.INCONCLUSIVE, "tripled shows nothing"),
        ((1.0,), (1.0, 3.0), Verdict.INCONCLUSIVE, "lengths differ: 1 measured, 2 limits"),
        ((1.0, 1.0), (3.0,), Verdict.INCONCLUSIVE, "tripled shows nothing: excess: lengths differ"),
    ],
)
def test_lists_of_unequal_length_are_no_answer_and_no_sign_of_teeth(
    make_job, came_back, sound, fault, verdict, words
):
    returned = came_back(excess(sound), tripled=excess(fault))
    found = judge_run(make_job(expect=BY_LAYER), returned)
    assert found.verdict is verdict
    assert words in found.headline


def test_another_limit_may_break_where_one_cannot_be_compared(make_job, came_back):
    expect = (*BY_LAYER, Expectation("other", "<=", 1.0, "because", ()))

    def measured(values, other):
        more = Metric("other", other, "1", SAMPLE)
        return Measurements((*excess(values).metrics, more))

    returned = came_back(measured((1.0, 1.0), 0.5), tripled=measured((3.0,), 1.5))
    (control,) = judge_run(make_job(expect=expect), returned).controls
    assert (control.red, control.finite, control.note) == (True, True, "other 1.5 > 1")


def test_the_first_run_and_the_second_are_held_against_each_other(make_job, came_back):
    def back(again):
        returned = came_back(excess(1.0), tripled=excess(3.0))
        return replace(returned, steps=(*returned.steps, again))

    same = Step(AGAIN, Ending.MEASURED, "", excess(1.0))
    assert judge_run(make_job(), back(same)).verdict is Verdict.HELD
    other = replace(same, measurements=excess(1.0000000000000002))
    found = judge_run(make_job(), back(other))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.headline.startswith("a second run has other bits of excess")
    crashed = Step(AGAIN, Ending.CRASHED, "ended by SIGSEGV")
    assert "the second run ended in crash" in judge_run(make_job(), back(crashed)).headline
