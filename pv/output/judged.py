"""Judged files as a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    suppressed = 0
    for one in judged:
        files.append(file_report(one))
        count, number = _sifted(one)
        findings.extend(count)
        suppressed += number
        if count:
            texts[one.document.file] = one.document.text
    found = tuple(sorted(findings, key=Finding.sort_key))
    aside = {"suppressed": suppressed} if suppressed else {}
    return Report(tuple(files), found, texts, strict, aside=aside, statistics=statistics)


def _sifted(judged: Judged) -> tuple[Sequence[Finding], int]:
    """Return the findings that no comment sets aside, and how many are."""
    contract = judged.contract
    if contract is None or "pv:" not in contract.text:
        return judged.findings, 0
    from pv.lint.catalogue import ids_of  # noqa: PLC0415 - rarely needed, and not light
    from pv.lint.suppress import (  # noqa: PLC0415 - as above
        UNUSED,
        claims_of_use,
        sift,
        suppressions_of,
    )

    every = suppressions_of(contract.text, contract.file, ids_of)
    claims = [claim for one in every for claim in claims_of_use(one, contract.id)]
    count, aside = sift([*judged.findings, *claims])
    return [one for one in count if one.rule != UNUSED], len(aside)


def file_report(judged: Judged) -> FileReport:
    """Return the line of a report on one judged file."""
    contract = judged.contract
    if contract is None:
        return FileReport(judged.document.file, "", None, "unread")
    return FileReport(contract.file, contract.id, contract.version, contract.dialect.value)
