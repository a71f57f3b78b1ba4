"""JUnit XML: a suite for the gates and one for each file, a case for each finding.

ASCII only. What XML 1.0 cannot hold, and what could act on a terminal, stands as its escape.
There are no times in it: the same findings give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pv.escape import xml
from pv.model.contract import Path
from pv.model.finding import Finding
from pv.output.interface import FileReport, Gate, Report, Stream, counted


class _Case(NamedTuple):
    """One test case: `kind` is empty for a passed one, else failure, error, skipped or a note."""

    name: str
    kind: str = ""
    message: str = ""
    text: str = ""
    place: str = ""


class _Suite(NamedTuple):
    name: str
    cases: Sequence[_Case]

    def count(self, kind: str) -> int:
        return sum(case.kind == kind for case in self.cases)


def write_junit(report: Report, stream: Stream) -> None:
    """Write one document; it holds a failure or an error exactly where the run does not pass."""
    suites = [*_suites(report)]
    totals = " ".join(
        f'{name}="{sum(suite.count(kind) for suite in suites)}"'
        for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    )
    tests = sum(len(suite.cases) for suite in suites)
    stream.write("<?xml version='1.0' encoding='utf-8'?>\n")
    stream.write(f'<testsuites name="pv {report.command}" tests="{tests}" {totals}>\n')
    for suite in suites:
        stream.writelines(f"{line}\n" for line in _suite_lines(suite))
    stream.write("</testsuites>\n")


def _suites(report: Report) -> Iterator[_Suite]:
    kept = [_Case("no defect of pv", "error", "internal error", one) for one in report.crashes]
    if not report.outcome.decided and not kept:
        kept = [_Case("something was judged", "error", report.outcome.value, report.summary)]
    if kept:
        yield _Suite("pv", kept)
    if report.gates:
        yield _Suite("gates", [_gate(gate) for gate in report.gates])
    found = {file: [*group] for file, group in groupby(report.findings, lambda one: one.span.file)}
    for one in report.files:
        yield _Suite(one.file, [*_cases(one, found.pop(one.file, []), report)])
    for file, findings in found.items():
        yield _Suite(file, [_case(finding, report) for finding in findings])


def _gate(gate: Gate) -> _Case:
    kind = {True: "", False: "failure", None: "skipped"}[gate.passed]
    found = f"{counted(gate.errors, 'error')}, {counted(gate.warnings, 'warning')}"
    return _Case(gate.name, kind, gate.state if gate.passed is None else found, gate.judged)


def _cases(file: FileReport, findings: Sequence[Finding], report: Report) -> Iterator[_Case]:
    yield from (_case(finding, report) for finding in findings)
    if not any(report.fails(finding.severity) for finding in findings):
        yield _Case(file.contract or "file", place=f' file="{shown(file.file)}" line="1"')


def _case(finding: Finding, report: Report) -> _Case:
    where = _dotted(finding.path)
    lines = [f"{finding.span}: {finding.severity} {finding.rule} {finding.message}"]
    lines += [f"do: {finding.advice}"] if finding.advice else []
    return _Case(
        name=f"{finding.rule} {where}".rstrip(),
        kind="failure" if report.fails(finding.severity) else "note",
        message=finding.message,
        text="\n".join(lines),
        place=f' file="{shown(finding.span.file)}" line="{finding.span.start.line}"',
    )


def _suite_lines(suite: _Suite) -> Iterator[str]:
    counts = f'tests="{len(suite.cases)}" failures="{suite.count("failure")}"'
    counts += f' errors="{suite.count("error")}" skipped="{suite.count("skipped")}"'
    name = shown(suite.name)
    yield f'  <testsuite name="{name}" {counts}>'
    for case in suite.cases:
        head = f'    <testcase classname="{name}" name="{shown(case.name)}"{case.place}'
        if not case.kind:
            yield f"{head}/>"
            continue
        text = "\n".join(shown(line) for line in case.text.split("\n"))
        yield f"{head}>"
        if case.kind == "note":
            yield f"      <system-out>{text}</system-out>"
        else:
            yield f'      <{case.kind} message="{shown(case.message)}">{text}</{case.kind}>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _dotted(path: Path) -> str:
    """Return `tests[0].expect` for `("tests", 0, "expect")`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def shown(text: str) -> str:
    """Return text for a value or an attribute of an XML document."""
    return xml(text).encode("ascii", "xmlcharrefreplace").decode("ascii")
