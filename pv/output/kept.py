"""A report as texts and back, for the cache of `pv lint`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import overload

from pv.lint.cache import KeptRun
from pv.lint.finding_rows import compact, findings_of, rows_of
from pv.output.interface import FileReport, Gate, Outcome, Report


def kept_report(report: Report) -> KeptRun:
    """Return what is kept of a report on a run of `pv lint` in which no rule crashed."""
    data = [
        len(report.files),
        rows_of(report.findings),
        report.strict,
        report.gates,
        report.states,
        report.bindings,
        report.given,
        report.aside,
        report.stale,
    ]
    return KeptRun(compact(data), compact(list(report.files)))


def read_report(kept: KeptRun, texts: Mapping[str, str]) -> Report:
    """Return the report of which `kept_report` kept the rest; `texts` are those of its files."""
    number, findings, strict, gates, states, bindings, given, aside, stale = json.loads(kept.report)
    return Report(
        files=_Files(number, kept.files),
        findings=findings_of(findings),
        texts=texts,
        strict=strict,
        command="lint",
        gates=tuple(Gate(*each) for each in gates),
        states=states,
        bindings=bindings,
        given=Outcome(given),
        aside=aside,
        stale=stale,
    )


class _Files(Sequence[FileReport]):
    """A list of files, taken apart when somebody asks for more than its length."""

    def __init__(self, number: int, text: str) -> None:
        self._number = number
        self._text = text

    @cached_property
    def _all(self) -> tuple[FileReport, ...]:
        return tuple(FileReport(*each) for each in json.loads(self._text))

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, index: int) -> FileReport: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[FileReport, ...]: ...

    def __getitem__(self, index: int | slice) -> FileReport | tuple[FileReport, ...]:
        return self._all[index]

    def __iter__(self) -> Iterator[FileReport]:
        return iter(self._all)
