"""Outcomes as JUnit XML: a suite for each contract, a case for each falsifier on each model.

Every verdict keeps its name: REFUTED is a failure; ERROR, TIMEOUT and INCONCLUSIVE are errors, for
nothing was shown; SKIPPED and NOT_RUN are skipped. The exit code stands beside the counts, because
no reader of this format turns skipped cases into the absence that they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from pv.model.receipt import Outcome
from pv.model.verdict import Verdict
from pv.output.junit import shown

_KINDS: Final = {
    Verdict.REFUTED: "failure",
    Verdict.ERROR: "error",
    Verdict.TIMEOUT: "error",
    Verdict.INCONCLUSIVE: "error",
    Verdict.SKIPPED: "skipped",
    Verdict.NOT_RUN: "skipped",
}


def junit_of(outcomes: Sequence[Outcome], code: int) -> str:
    """Return all outcomes as one document."""
    lines = ["<?xml version='1.0' encoding='utf-8'?>"]
    lines.append(f'<testsuites name="pv discharge" {_counts(outcomes)} exit_code="{code}">')
    for contract, group in groupby(outcomes, lambda each: each.contract):
        of_one = [*group]
        lines.append(f'  <testsuite name="{shown(contract or "pv")}" {_counts(of_one)}>')
        for outcome in of_one:
            lines += [f"    {line}" for line in _case(outcome)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _counts(outcomes: Sequence[Outcome]) -> str:
    kinds = [_KINDS.get(each.verdict, "") for each in outcomes]
    seconds = sum(each.seconds for each in outcomes)
    return (
        f'tests="{len(kinds)}" failures="{kinds.count("failure")}" errors="{kinds.count("error")}"'
        f' skipped="{kinds.count("skipped")}" time="{seconds:.3f}"'
    )


def _case(outcome: Outcome) -> Iterator[str]:
    name = outcome.falsifier + (f" on {outcome.model.name}" if outcome.model else "")
    head = (
        f'<testcase classname="{shown(outcome.contract or "pv")}" name="{shown(name)}"'
        f' time="{outcome.seconds:.3f}">'
    )
    yield head
    kind = _KINDS.get(outcome.verdict, "")
    text = shown(outcome.headline)
    if kind:
        cause = f' type="{shown(str(outcome.cause or outcome.verdict))}"'
        yield f'  <{kind}{cause} message="{outcome.verdict}: {text}"/>'
    facts = [f"{outcome.verdict}: {outcome.headline}", *_facts(outcome)]
    yield "  <system-out>" + "\n".join(shown(each) for each in facts) + "</system-out>"
    yield "</testcase>"


def _facts(outcome: Outcome) -> Iterator[str]:
    if outcome.reused:
        yield "reused: a fresh receipt says so"
    if outcome.retries:
        yield f"retries: {outcome.retries}"
    for name, value in (("receipt", outcome.receipt), ("log", outcome.log)):
        if value:
            yield f"{name}: {value}"
    if outcome.command:
        yield f"again: {' '.join(outcome.command)}"
