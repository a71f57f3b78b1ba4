"""One line a finding, for editors and for grep; the verdict last."""

from __future__ import annotations

from pv.escape import bounded
from pv.output.escape import escape
from pv.output.interface import Report, Stream
from pv.output.statistics import statistics_lines


def write_concise(report: Report, stream: Stream) -> None:
    """Write `file:line:column: severity rule message` for each finding, then the summary line."""
    if report.statistics:
        stream.writelines(f"{line}\n" for line in statistics_lines(report))
    else:
        for one in report.findings:
            place = escape(str(one.span))
            said = bounded(escape(one.message))
            stream.write(f"{place}: {one.severity} {one.rule} {said}\n")
    stream.write(report.summary + "\n")
