"""A lint run as a report: the same record that every format is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pv.lint.engine import GateReport
from pv.lint.engine import Report as Run
from pv.lint.gates import GateState
from pv.output.interface import FileReport, Gate, Outcome, Report

_PASSED: Final = {GateState.PASSED: True, GateState.FAILED: False}


def report_of_lint(
    run: Run,
    files: Sequence[FileReport],
    texts: Mapping[str, str],
    *,
    strict: bool = False,
) -> Report:
    """Return the report on a run over `files`; `texts` are those of files with findings."""
    return Report(
        files=tuple(files),
        findings=run.findings,
        texts=texts,
        strict=strict,
        command="lint",
        gates=tuple(_gate(one) for one in run.gates),
        states={state.value: run.count(state) for state in GateState},
        bindings=run.bindings,
        crashes=tuple(str(one) for one in run.crashes),
        given=Outcome(run.outcome.value),
        aside=run.settled.aside,
        stale=len(run.settled.stale),
    )


def _gate(gate: GateReport) -> Gate:
    return Gate(
        name=gate.gate.value,
        state=gate.state.value,
        judged=gate.judged,
        errors=gate.errors,
        warnings=gate.warnings,
        passed=_PASSED.get(gate.state),
    )
