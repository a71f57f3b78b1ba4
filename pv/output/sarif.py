"""SARIF 2.1.0, the format that code scanning services read (OASIS, 27 March 2020).

Files are named relative to `%SRCROOT%`, the folder that the findings are relative to; columns
count code points; the fingerprint of a finding stays when lines move.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from pv import __version__
from pv.lint.catalogue import all_rules
from pv.lint.fingerprint import VERSION, fingerprints
from pv.lint.page import CODED, parse_page
from pv.lint.rule import Rule
from pv.marks import Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.output.interface import Report, Stream

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
BASE: Final = "%SRCROOT%"

_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def write_sarif(report: Report, stream: Stream) -> None:
    """Write one log with one run, ASCII only."""
    json.dump(sarif_data(report), stream, indent=2, allow_nan=False)
    stream.write("\n")


def sarif_data(report: Report) -> dict[str, Any]:
    """Return the log as plain data."""
    rules = _rules(report.findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    prints = fingerprints(report.findings)
    results = [
        _result(finding, index[finding.rule], fingerprint)
        for finding, fingerprint in zip(report.findings, prints, strict=True)
    ]
    run = {
        "tool": {"driver": {"name": "pv", "semanticVersion": __version__, "rules": rules}},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {
            BASE: {"description": {"text": "the folder that file names are relative to"}}
        },
        "artifacts": [{"location": _location(one.file)} for one in report.files],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"outcome": report.outcome.value, "summary": report.summary},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(report: Report) -> dict[str, Any]:
    """Return how the run ended: a run that judged nothing was not carried out."""
    data: dict[str, Any] = {
        "executionSuccessful": report.outcome.decided,
        "exitCode": report.outcome.exit_code,
        "exitCodeDescription": report.outcome.value,
    }
    told = list(report.crashes)
    if not report.outcome.decided and not told:
        told = [report.summary]
    if told:
        data["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": text}} for text in told
        ]
    return data


def _rules(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the descriptors of the rules that found something, in the order of their ids."""
    known = {rule.id: rule for rule in all_rules()}
    return [
        _descriptor(known[rule]) if rule in known else {"id": rule}
        for rule in sorted({one.rule for one in findings})
    ]


def _descriptor(rule: Rule) -> dict[str, Any]:
    page = parse_page(rule.page)
    parts = dict(page.parts)
    text = "\n\n".join(f"{name}: {body}" for name, body in page.parts)
    blocks = (
        (name, f"```yaml\n{body}\n```" if name in CODED else body) for name, body in page.parts
    )
    markdown = "\n\n".join(f"**{name}**\n\n{body}" for name, body in blocks)
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": parts["What it finds"]},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.gate.value], "since": rule.since, "fix": rule.fix.value},
    }


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    advice = f"\ndo: {finding.advice}" if finding.advice else ""
    data: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}{advice}"},
        "locations": [_place(finding)],
        "partialFingerprints": {f"pvFinding/{VERSION}": fingerprint},
    }
    if finding.fix:
        data["fixes"] = [_fix(finding.fix)]
    return data


def _place(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _location(finding.span.file),
            "region": _region(finding.span),
        }
    }
    if finding.contract:
        name = "/".join((finding.contract, *map(str, finding.path)))
        place["logicalLocations"] = [{"fullyQualifiedName": name}]
    return place


def _region(span: Span) -> dict[str, int]:
    """Return the lines and columns of a span; as here, the end column is the one after it."""
    return {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }


def _location(file: str) -> dict[str, Any]:
    """Return a file as a URI: below the base, or as it was named where it lies elsewhere."""
    path = PurePath(file)
    try:
        uri = quote(path.as_posix().encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # half a character that no file system gave
        uri = quote(path.as_posix().encode("utf-8", "backslashreplace"))
    if path.is_absolute():
        return {"uri": f"file://{uri}"}
    if ".." in path.parts:
        return {"uri": uri}
    return {"uri": uri, "uriBaseId": BASE}


def _fix(fix: Fix) -> dict[str, Any]:
    change = {
        "artifactLocation": _location(fix.span.file),
        "replacements": [
            {
                "deletedRegion": _region(fix.span),
                "insertedContent": {"text": fix.replacement},
            }
        ],
    }
    safety = "safe" if fix.safe else "unsafe"
    return {"description": {"text": f"{fix.title} ({safety})"}, "artifactChanges": [change]}
