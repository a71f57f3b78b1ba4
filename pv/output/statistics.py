"""How many findings each rule has, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from pv.output.interface import Report


def statistics_lines(report: Report) -> Iterator[str]:
    """Yield `count  severity  rule`, the most frequent rule first."""
    counts = report.by_rule()
    width = max((len(f"{one.number:,}") for one in counts), default=0)
    for one in counts:
        yield f"{one.number:>{width},}  {one.severity.value:<7}  {one.rule}"
