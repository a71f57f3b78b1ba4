"""Judged files as a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pv.lint.options import Options
from pv.model.finding import Finding
from pv.output.interface import FileReport, Report
from pv.yamlfile.judge import Judged


def report_of(
    judged: Iterable[Judged], options: Options | None = None, *, statistics: bool = False
) -> Report:
    """Return the report on files judged one by one; texts are kept of files with findings only."""
    options = options or Options()
    files: list[FileReport] = []
    found: list[Finding] = []
    texts: dict[str, str] = {}
    for one in judged:
        files.append(file_report(one))
        every = [*one.findings, *_claims_of_use(one)]
        found += every
        if every:
            texts[one.document.file] = one.document.text
    count, aside = _settled(found, options)
    return Report(tuple(files), count, texts, options.strict, aside=aside, statistics=statistics)


def _settled(
    found: list[Finding], options: Options
) -> tuple[tuple[Finding, ...], Mapping[str, int]]:
    """Return the findings that count, sorted, and how many do not, by why."""
    if not found:
        return (), {}
    if options == Options(strict=options.strict) and not any("-SUP-" in one.rule for one in found):
        return tuple(sorted(found, key=Finding.sort_key)), {}
    from pv.lint.settle import settle  # noqa: PLC0415 - every rule: rarely needed, and not light
    from pv.lint.suppress import UNUSED  # noqa: PLC0415 - rarely needed, and not light

    settled = settle(found, options, whole=False)
    # That a suppression is of no use is known to `pv lint` alone, which asks the other rules too.
    count = tuple(one for one in settled.count if one.rule != UNUSED)
    return count, {why: number for why, number in settled.aside.items() if number}


def _claims_of_use(judged: Judged) -> Iterator[Finding]:
    """Yield, for each suppression in a contract, the finding that it is of no use."""
    contract = judged.contract
    if contract is not None and "pv:" in contract.text:
        from pv.lint.catalogue import ids_of  # noqa: PLC0415 - rarely needed, and not light
        from pv.lint.suppress import (  # noqa: PLC0415 - rarely needed, and not light
            claims_of_use,
            suppressions_of,
        )

        for one in suppressions_of(contract.text, contract.file, ids_of):
            yield from claims_of_use(one, contract.id)


def file_report(judged: Judged) -> FileReport:
    """Return the line of a report on one judged file."""
    contract = judged.contract
    if contract is None:
        return FileReport(judged.document.file, "", None, "unread")
    return FileReport(contract.file, contract.id, contract.version, contract.dialect.value)
