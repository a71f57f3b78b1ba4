"""A report in Markdown, for the summary of a workflow step or a comment: the verdict first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pv.escape import escape, markdown
from pv.model.finding import Finding
from pv.output.interface import Report, Stream

SHOWN: Final = 1000
"""Findings that are listed: the summary of a step takes one mebibyte."""


def write_markdown(report: Report, stream: Stream) -> None:
    """Write headline, counts, gates and findings; foreign text is shown, never interpreted."""
    for line in _lines(report):
        stream.write(line + "\n")


def _lines(report: Report) -> Iterator[str]:
    yield f"## pv {report.command}: {report.outcome.value}"
    yield ""
    yield report.summary
    if report.crashes:
        yield ""
        yield from (f"- internal error: {_shown(one)}" for one in report.crashes)
    if report.gates:
        rows = [(one.name, one.state, one.judged, one.errors, one.warnings) for one in report.gates]
        yield from _table(("gate", "state", "judged", "errors", "warnings"), rows)
    if report.statistics:
        counts = [(one.number, one.severity.value, one.rule) for one in report.by_rule()]
        yield from _table(("findings", "severity", "rule"), counts)
        return
    yield from _table(
        ("severity", "rule", "place", "finding", "do"),
        [_row(one) for one in report.findings[:SHOWN]],
    )
    if len(report.findings) > SHOWN:
        yield ""
        yield f"The first {SHOWN:,} of {len(report.findings):,} findings are listed."


def _row(finding: Finding) -> tuple[str, ...]:
    place = str(finding.span)
    return (finding.severity.value, finding.rule, place, finding.message, finding.advice)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(_shown(str(cell)) for cell in row)} |"


def _shown(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return markdown(escape(text))
