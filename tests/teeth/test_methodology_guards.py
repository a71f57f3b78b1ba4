"""Faults of method, each planted in a harness that would hold: the guard alone stops it.

Every case is run twice through a real child: with the guards as they are the answer is
INCONCLUSIVE for the reason planted, and with that one guard put to sleep it would have been HELD.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pv.discharge import guards
from pv.discharge.dispatch import discharge
from pv.discharge.plan import Request
from pv.model.receipt import GuardResult
from pv.model.verdict import Verdict

CONTRACT = """\
metadata:
  id: method-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  description: faults of method
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
  - id: FALSIFY-METHOD-001
    rule: the metric is small
    prediction: at most 2
    harness: falsifiers/method.py::CASE
    parameters: {}
    expect:
      - { metric: METRIC, op: "<=", value: 20.0, reason: "wide enough for all" }MORE
    controls: [worse]
    if_fails: it is large
"""
HARNESS = '''
"""Harnesses with one fault of method each."""
from pv.model.measurement import (
    Baseline, Chain, Conditioning, Interval, Measurements, Metric, Null, Ratio, Recheck, Sample,
    Side, Statistic,
)
import time

CONTROLS = {"worse": "the metric times a hundred"}
SAMPLE = Sample("all but first", 4, (4,), "l2", "float64", "stream")
FIRST, LAST = (Sample("all", 4, (4,), "l2", "float64", "stream", depth=d) for d in ("0", "4"))


def measured(run, name="drift", sample=SAMPLE, unit="1", more=(), **evidence):
    value = 1.0 if run.fault is None else 100.0
    return Measurements((Metric(name, value, unit, sample), *more), **evidence)


def sound(run):
    """Give every guard something to look at, and none a reason."""
    links = (0.1, 0.2, 0.4)
    return measured(
        run,
        chains=(Chain("drift", links, (0.1, 0.1, 0.1), (0.1, 0.3, 0.2), (0.001,) * 3),),
        conditionings=(Conditioning("rd", (0.01,), (0.9,), (10.0,)),),
        ratios=(Ratio("growth", Statistic("d", 1.2, LAST), Statistic("d", 1.0, FIRST)),),
        nulls=(Null("drift", 20.0, "a walk of 400 steps"),),
        intervals=(Interval("drift", 0.9, 1.1, "sentences", 16),),
        rechecks=(Recheck("stream", "float32", "index order", (1.0,), (1.0,), (1e-6,)),),
        seeds={"sentences": 1},
    )


def other_baseline(run):
    alone = Sample("all", 4, (4,), "l2", "float64", "one layer alone", depth="3")
    ratio = Ratio("growth", Statistic("d", 1.81, LAST), Statistic("d", 1.0, alone))
    return measured(run, ratios=(ratio,))


def below_no_walk(run):
    return measured(run, nulls=(Null("drift", 2.236, "sqrt(5)"),))


def one_sample(run):
    return measured(run, intervals=(Interval("drift", 1.0, 1.0, "super-blocks", 1),))


def straddles(run):
    return measured(run, intervals=(Interval("drift", 0.5, 25.0, "prompts", 16),))


def rounding(run):
    recheck = Recheck("stream", "float32", "index order", (1.0,), (1.1,), (1e-6,))
    return measured(run, rechecks=(recheck,))


def no_order(run):
    return measured(run, sample=Sample("all", 4, (4,), "sum", "float32", "stream"))


def clock(run):
    ticks = Metric("ticks", time.perf_counter_ns(), "1", SAMPLE)
    return measured(run, more=(ticks,))


def second_limit(run):
    return measured(run, more=(Metric("above_nothing", 5.0, "1", SAMPLE),))


def no_chain(run):
    links = (0.544, 0.780, 0.030)
    return measured(run, chains=(Chain("drift", links, links, links, (0.001,) * 3),))


def near_zero(run):
    return measured(run, conditionings=(Conditioning("rd", (0.0071,), (0.0016,), (25.0,)),))


def other_tokens(run):
    spread = "std (population)"
    seven = Sample("all", 132608, (7, 18944), spread, "float32", "ffn_swigl")
    last = Sample("last", 18944, (18944,), spread, "float32", "ffn_swigl")
    top = 18.23 if run.fault is None else 1823.0
    ratio = Ratio("std_ratio", Statistic("std", top, seven), Statistic("std", 1.0, last))
    return measured(run, ratios=(ratio,))


def no_teeth(run):
    return Measurements((Metric("drift", 1.0, "1", SAMPLE),))
'''


def put_to_sleep(monkeypatch, name):
    def asleep(_seen):
        return GuardResult(name, applies=False, tripped=False, reason="asleep")

    others = (replace(each, check=asleep) if each.name == name else each for each in guards.GUARDS)
    monkeypatch.setattr(guards, "GUARDS", tuple(others))


@pytest.fixture
def judged(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "falsifiers").mkdir()
    (tmp_path / "falsifiers" / "method.py").write_text(HARNESS)

    def run(case, metric="drift", more=""):
        text = CONTRACT.replace("CASE", case).replace("METRIC", metric).replace("MORE", more)
        (tmp_path / "contracts" / "method-v1.yaml").write_text(text)
        (outcome,) = discharge(Request(tmp_path, ("METHOD-001",)))
        return outcome

    return run


def test_the_sound_harness_holds_with_every_guard_awake(judged):
    outcome = judged("sound")
    assert outcome.verdict is Verdict.HELD
    assert [each.guard for each in outcome.guards if not each.applies] == []
    assert [each.mark for each in outcome.guards if each.mark] == ["POST-HOC"]  # no repository


CASES = [
    ("no_chain", "coupling", "no chain, unchained within 0 over 3 links"),
    ("near_zero", "conditioning", "the ratio shows cancellation"),
    ("other_tokens", "like-with-like", "tokens all against last"),
    ("other_baseline", "baseline", "stream over one layer alone is no growth"),
    ("below_no_walk", "null-model", "drift <= 20.0 lets more than the null pass: 2.236"),
    ("one_sample", "power", "1 super-blocks, expected at least 6"),
    ("straddles", "power", "drift lies in [0.5, 25] over 16 prompts"),
    ("rounding", "precision", "stream is 1 in float32 and 1.1 in float64"),
    ("no_order", "precision", "sum accumulated in float32 in no named order"),
    ("clock", "determinism", "a second run has other bits of ticks"),
    ("no_teeth", "teeth", "control worse stayed green"),
]


@pytest.mark.parametrize(("case", "guard", "reason"), CASES)
def test_the_guard_alone_stops_the_fault(judged, monkeypatch, case, guard, reason):
    outcome = judged(case)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert reason in outcome.headline
    tripped = {each.guard for each in outcome.guards if each.tripped}
    assert tripped == {guard} | ({"non-vacuity"} if guard == "teeth" else set())
    for name in tripped:
        put_to_sleep(monkeypatch, name)
    assert judged(case).verdict is Verdict.HELD


def test_a_limit_that_no_fault_breaks_is_found_behind_one_that_breaks(judged, monkeypatch):
    more = """
      - { metric: above_nothing, op: ">", value: 1.0e-9, reason: "as published" }"""
    outcome = judged("second_limit", more=more)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "above_nothing > 1e-09 was broken by no control" in outcome.headline
    put_to_sleep(monkeypatch, "non-vacuity")
    assert judged("second_limit", more=more).verdict is Verdict.HELD


def test_the_plot_twist_cannot_be_judged_even_by_a_limit_that_fits_it(judged, monkeypatch):
    # 18.23 over unlike samples is below the limit of 20; there is no number to be below it.
    outcome = judged("other_tokens", "std_ratio")
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.comparisons[0].value is None
    put_to_sleep(monkeypatch, "like-with-like")
    assert judged("other_tokens", "std_ratio").verdict is not Verdict.HELD
