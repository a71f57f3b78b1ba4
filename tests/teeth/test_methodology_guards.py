"""Faults of method, each planted in a harness that would hold: the guard alone stops it.

Every case is run twice through a real child: with the guards as they are the answer is
INCONCLUSIVE for the reason planted, and with that one guard put to sleep it would have been HELD.
"""

from __future__ import annotations

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
      - { metric: METRIC, op: "<=", value: 20.0, reason: "wide enough for all" }
    controls: [worse]
    if_fails: it is large
"""
HARNESS = '''
"""Harnesses with one fault of method each."""
from pv.model.measurement import (
    Chain, Conditioning, Measurements, Metric, Ratio, Sample, Statistic,
)

CONTROLS = {"worse": "the metric times a hundred"}
SAMPLE = Sample("all but first", 4, (4,), "l2", "float64")


def measured(run, **evidence):
    value = 1.0 if run.fault is None else 100.0
    return Measurements((Metric("drift", value, "1", SAMPLE),), **evidence)


def sound(run):
    links = (0.1, 0.2, 0.4)
    return measured(
        run,
        chains=(Chain("drift", links, (0.1, 0.1, 0.1), (0.1, 0.3, 0.2), (0.001,) * 3),),
        conditionings=(Conditioning("rd", (0.01,), (0.9,), (10.0,)),),
        ratios=(Ratio("growth", Statistic("d", 1.2, SAMPLE), Statistic("d", 1.0, SAMPLE)),),
    )


def no_chain(run):
    links = (0.544, 0.780, 0.030)
    return measured(run, chains=(Chain("drift", links, links, links, (0.001,) * 3),))


def near_zero(run):
    return measured(run, conditionings=(Conditioning("rd", (0.0071,), (0.0016,), (25.0,)),))


def other_tokens(run):
    spread = "std (population)"
    seven = Sample("all", 132608, (7, 18944), spread, "float32")
    last = Sample("last", 18944, (18944,), spread, "float32")
    top = 18.23 if run.fault is None else 1823.0
    ratio = Ratio("std_ratio", Statistic("std", top, seven), Statistic("std", 1.0, last))
    return measured(run, ratios=(ratio,))


def no_teeth(run):
    return Measurements((Metric("drift", 1.0, "1", SAMPLE),))
'''


def asleep(name):
    return lambda *_: GuardResult(name, applies=False, tripped=False, reason="asleep")


@pytest.fixture
def judged(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "falsifiers").mkdir()
    (tmp_path / "falsifiers" / "method.py").write_text(HARNESS)

    def run(case, metric="drift"):
        text = CONTRACT.replace("CASE", case).replace("METRIC", metric)
        (tmp_path / "contracts" / "method-v1.yaml").write_text(text)
        (outcome,) = discharge(Request(tmp_path, ("METHOD-001",)))
        return outcome

    return run


def test_the_sound_harness_holds(judged):
    outcome = judged("sound")
    assert outcome.verdict is Verdict.HELD
    assert [each.applies for each in outcome.guards] == [True] * 4


@pytest.mark.parametrize(
    ("case", "guard", "reason"),
    [
        ("no_chain", "coupling", "no chain, unchained within 0 over 3 links"),
        ("near_zero", "conditioning", "the ratio shows cancellation"),
        ("other_tokens", "like_with_like", "tokens all against last"),
        ("no_teeth", "teeth", "control worse stayed green"),
    ],
)
def test_the_guard_alone_stops_the_fault(judged, monkeypatch, case, guard, reason):
    outcome = judged(case)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert reason in outcome.headline
    assert [each.guard for each in outcome.guards if each.tripped] == [guard.replace("_", "-")]
    monkeypatch.setattr(guards, guard, asleep(guard))
    assert judged(case).verdict is Verdict.HELD


def test_the_plot_twist_cannot_be_judged_even_by_a_limit_that_fits_it(judged, monkeypatch):
    # 18.23 over unlike samples is below the limit of 20; there is no number to be below it.
    outcome = judged("other_tokens", "std_ratio")
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert outcome.comparisons[0].value is None
    monkeypatch.setattr(guards, "like_with_like", asleep("like_with_like"))
    assert judged("other_tokens", "std_ratio").verdict is not Verdict.HELD
