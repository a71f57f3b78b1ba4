"""The text of outcomes: whole, at most 80 columns, colour only where asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pv.model.measurement import Measurements, Metric, Sample, Series
from pv.model.receipt import (
    CompanionResult,
    Comparison,
    ControlResult,
    GuardResult,
    ModelIdentity,
    Outcome,
)
from pv.model.verdict import Cause, Level, Verdict
from pv.output.discharge_text import WIDTH, summary, text_of

SAMPLE = Sample("none", 1, (1,), "none", "float64")
MET = Comparison("growth", "<=", 2.0, None, 1.25, True, 1.25, None, "derived")
LAYERS = (0.0, 1.0, 2.0)
DRIFT = Series("drift", "layer", "drift in %", LAYERS, (0.5, 0.25, 1e-7), (0.4,) * 3, (0.6,) * 3)
NOISE = Series("noise", "layer", "noise", LAYERS, (1.0, 2.0, 3.0))
OTHER_AXIS = Series("spectrum", "rank", "value", (1.0,), (9.0,))
MEASURED = Measurements(
    (Metric("growth", 1.25, "1", SAMPLE),),
    series=(DRIFT, NOISE, OTHER_AXIS),
    notes=("16 sentences",),
)
OUTCOME = Outcome(
    falsifier="FALSIFY-TOY-001",
    contract="toy-v1",
    verdict=Verdict.HELD,
    level=Level.LIVE,
    headline="growth 1.25 <= 2",
    device="cpu",
    model=ModelIdentity("small", "a" * 64),
    comparisons=(MET,),
    guards=(
        GuardResult("coupling", False, False, "no chain is claimed"),
        GuardResult("teeth", True, False, "1 of 1 planted faults went red"),
    ),
    controls=(
        ControlResult("floor", True, True, True, (), "growth 3 > 2"),
        ControlResult("odd", True, False, False, (), "growth is nan"),
    ),
    companions=(
        CompanionResult(
            "as published",
            Verdict.INCONCLUSIVE,
            "no chain, unchained within 5e-05 over 3 links",
            (replace(MET, met=False, worst=9.0),),
            (GuardResult("coupling", True, True, "no chain, unchained within 5e-05 over 3 links"),),
            Measurements((), series=(OTHER_AXIS,)),
        ),
    ),
    measurements=MEASURED,
    environment={"python": "3.11"},
    seconds=1.96,
    command=("pv", "discharge", "TOY-001", "--live"),
    receipt="contracts/evidence/FALSIFY-TOY-001/0123456789abcdef.json",
)
ABSENT = replace(
    OUTCOME,
    verdict=Verdict.NOT_RUN,
    headline="pv models add qwen2.5-coder-7b-instruct-q4_k_m PATH; no sha256 on record",
    model=ModelIdentity("qwen2.5-coder-7b-instruct-q4_k_m", "unrecorded"),
    environment={},
    companions=(),
    receipt=None,
)
WHOLE = """\
as published    INCONCLUSIVE  no chain, unchained within 5e-05 over 3 links
asked properly  HELD          growth 1.25 <= 2
on qwen2.5-coder-7b-instruct-q4_k_m  NOT_RUN
    pv models add qwen2.5-coder-7b-instruct-q4_k_m PATH; no sha256 on record

TOY-001 of toy-v1: live on small, cpu, 2.0 s
met      growth 1.25 <= 2
guard    teeth: ok: 1 of 1 planted faults went red
control  floor: red: growth 3 > 2
control  odd: shows nothing  NOT AS EXPECTED: growth is nan
note     16 sentences

  layer  drift in %  low  high  noise
      0         0.5  0.4   0.6      1
      1        0.25  0.4   0.6      2
      2       1e-07  0.4   0.6      3

  rank  value
     1      9

as published:
NOT MET  growth 9 > 2
guard    coupling: TRIPPED: no chain, unchained within 5e-05 over 3 links

  rank  value
     1      9
receipt  contracts/evidence/FALSIFY-TOY-001/0123456789abcdef.json
again    pv discharge TOY-001 --live
"""


def test_the_whole_text():
    assert text_of([OUTCOME, ABSENT]) == WHOLE


def test_brief_is_one_line_for_what_holds():
    assert text_of([OUTCOME], brief=True) == "TOY-001              HELD          growth 1.25 <= 2\n"
    refuted = replace(OUTCOME, verdict=Verdict.REFUTED, headline="growth 3 > 2")
    assert text_of([refuted], brief=True).count("\n") > 10


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.HELD, "32"), (Verdict.REFUTED, "31"), (Verdict.INCONCLUSIVE, "33")],
)
def test_colour_only_where_asked_for(verdict, code):
    one = replace(OUTCOME, verdict=verdict, companions=())
    assert f"\x1b[{code}m{verdict:<12}\x1b[0m" in text_of([one], colour=True)
    assert "\x1b" not in text_of([one])


def test_a_failure_shows_cause_and_log():
    failed = replace(
        OUTCOME,
        verdict=Verdict.ERROR,
        cause=Cause.CRASH,
        comparisons=(),
        guards=(),
        controls=(),
        companions=(),
        measurements=None,
        receipt=None,
        log=".pv/logs/FALSIFY-TOY-001.txt",
    )
    lines = text_of([failed]).splitlines()
    assert lines[3:5] == ["  cause: crash", "log      .pv/logs/FALSIFY-TOY-001.txt"]


def test_wide_tables_are_split_and_no_line_is_wider_than_a_terminal():
    many = tuple(replace(DRIFT, name=f"s{n}", y_label=f"a rather long label {n}") for n in range(5))
    wide = replace(OUTCOME, measurements=replace(MEASURED, series=many), headline="x " * 90)
    text = text_of([wide])
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    assert all(f"a rather long label {n}" in text for n in range(5))
    assert text.count("  layer  ") > 1


def test_text_from_outside_cannot_move_the_cursor():
    hostile = replace(OUTCOME, headline="\x1b[2J\u202egrowth", measurements=None, companions=())
    text = text_of([hostile])
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_last_line_counts_every_verdict():
    assert summary([OUTCOME, ABSENT, OUTCOME], 0) == "2 HELD, 1 NOT_RUN (exit 0)\n"
    assert summary([], 3) == "nothing was asked for (exit 3)\n"


def test_a_brief_line_is_cut_to_the_screen():
    long = replace(OUTCOME, headline="because " * 20)
    (line,) = text_of([long], brief=True).splitlines()
    assert len(line) == 80
    assert line.endswith("…")


def test_a_brief_text_that_is_no_terminals_is_wrapped_and_whole():
    long = replace(OUTCOME, headline="because " * 20)
    text = text_of([long], brief=True, whole=True)
    assert text.count("because") == 20
    assert "…" not in text
    first, *rest = text.splitlines()
    assert first.startswith("TOY-001              HELD          because ")
    assert rest
    assert all(line.startswith(" " * 35 + "because") for line in rest)
    assert max(len(line) for line in text.splitlines()) <= WIDTH


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.TIMEOUT])
def test_a_run_whose_child_was_lost_shows_its_log_and_how_to_repeat_it(verdict):
    lost = replace(
        ABSENT, verdict=verdict, headline="gone", model=None, log=".pv/logs/FALSIFY-TOY-001.txt"
    )
    log = "log      .pv/logs/FALSIFY-TOY-001.txt"
    first, *rest = text_of([lost]).splitlines()
    assert first.endswith("gone")
    assert rest == [log, "again    pv discharge TOY-001 --live"]
    assert text_of([lost], brief=True).splitlines()[1:] == [log]


def test_a_green_control_says_that_it_should_be_green():
    walk = ControlResult("walk", False, False, True, (), "growth 1 <= 2")
    shown = text_of([replace(OUTCOME, controls=(walk,))])
    assert "control  walk: green as it should be: growth 1 <= 2" in shown


def test_a_run_that_was_lost_names_its_falsifier_and_its_model():
    lost = Outcome(
        falsifier="FALSIFY-TOY-001",
        contract="toy-v1",
        verdict=Verdict.TIMEOUT,
        level=Level.LIVE,
        headline="the limit of 1 s ended it",
        device="cpu",
        model=ModelIdentity("small", "a" * 64),
    )
    first = text_of([lost]).splitlines()[0]
    assert first.split(maxsplit=2) == [
        "TOY-001",
        "TIMEOUT",
        "on small: the limit of 1 s ended it",
    ]


def test_a_digest_stays_whole():
    digest = "0123456789abcdef" * 4
    refused = replace(
        OUTCOME,
        verdict=Verdict.SKIPPED,
        headline=f"the model's sha256 is {digest}, accepted: {digest} (small)",
        environment={},
        companions=(),
    )
    shown = text_of([refused])
    assert shown.count(digest) == 2
    assert max(map(len, shown.splitlines())) <= WIDTH
