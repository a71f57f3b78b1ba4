"""Judged files as a report."""

from __future__ import annotations

from collections.abc import Iterable

from pv.model.finding import Finding
from pv.output.interface import FileReport, Report
from pv.yamlfile.judge import Judged


def report_of(
    judged: Iterable[Judged], *, strict: bool = False, statistics: bool = False
) -> Report:
    """Return the report on files judged one by one; texts are kept of files with findings only."""
    files: list[FileReport] = []
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for one in judged:
        files.append(file_report(one))
        findings.extend(one.findings)
        if one.findings:
            texts[one.document.file] = one.document.text
    found = tuple(sorted(findings, key=Finding.sort_key))
    return Report(tuple(files), found, texts, strict, statistics=statistics)


def file_report(judged: Judged) -> FileReport:
    """Return the line of a report on one judged file."""
    contract = judged.contract
    if contract is None:
        return FileReport(judged.document.file, "", None, "unread")
    return FileReport(contract.file, contract.id, contract.version, contract.dialect.value)
