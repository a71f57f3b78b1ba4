"""One report, two formats: text for people, JSON for programs."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pv import __version__
from pv.errors import UsageError
from pv.lint.fingerprint import fingerprints
from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.output.formats import WRITERS, deliver
from pv.output.interface import FileReport, Outcome, Report
from pv.output.json import write_json
from pv.output.names import Format
from pv.output.text import finding_lines, wants_colour, write_text

_ERROR = Finding(
    rule="PV-SCH-002",
    severity=Severity.ERROR,
    message='falsifier F-1: unknown key "predicton"',
    span=Span("contracts/a.yaml", Mark(2, 3), Mark(2, 12)),
    advice="did you mean prediction?",
    contract="a",
    path=("falsification_tests", 0, "predicton"),
)
_WARNING = Finding(
    rule="PV-SCH-003",
    severity=Severity.WARNING,
    message="evil \x1b[2J text",
    span=Span("contracts/b\n.yaml", Mark(1, 1), Mark(1, 1)),
)
_FILES = (
    FileReport("contracts/a.yaml", "a", "1.0.0", "pv"),
    FileReport("contracts/b\n.yaml", "", None, "unread"),
)
REPORT = Report(_FILES, (_ERROR, _WARNING), {"contracts/a.yaml": "x:\n  predicton: p\n"})


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_text_for_people() -> None:
    stream = io.StringIO()
    write_text(REPORT, stream)
    assert stream.getvalue() == (
        'contracts/a.yaml:2:3: error PV-SCH-002 falsifier F-1: unknown key "predicton"\n'
        "    2 |   predicton: p\n"
        "      |   ^^^^^^^^^\n"
        "      do: did you mean prediction?\n"
        "contracts/b\\x0a.yaml:1:1: warning PV-SCH-003 evil \\x1b[2J text\n"
        "2 files · 1 error · 1 warning · FAIL\n"
    )


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not wants_colour(io.StringIO())
    assert wants_colour(_Terminal())
    stream = _Terminal()
    write_text(Report(_FILES[:1], ()), stream)
    assert stream.getvalue() == "1 file · 0 errors · 0 warnings · \x1b[1;32mPASS\x1b[0m\n"
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour(_Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(_Terminal())


def test_colour_marks_word_and_carets_alone() -> None:
    lines = list(finding_lines(_ERROR, REPORT.texts["contracts/a.yaml"], colour=True))
    assert lines[0].startswith("contracts/a.yaml:2:3: \x1b[1;31merror\x1b[0m PV-SCH-002 ")
    assert lines[1] == "    2 |   predicton: p"
    assert lines[2] == "      |\x1b[1;31m   ^^^^^^^^^\x1b[0m"


def test_json_for_programs() -> None:
    fix = Fix("rename", _ERROR.span, "prediction", safe=True)
    stream = io.StringIO()
    write_json(REPORT._replace(findings=(replace(_ERROR, fix=fix), _WARNING), strict=True), stream)
    assert stream.getvalue().isascii()
    place = {"line": 2, "column": 3, "end_line": 2, "end_column": 12}
    assert json.loads(stream.getvalue()) == {
        "schema_version": "1.1",
        "tool_version": __version__,
        "command": "validate",
        "outcome": "FAIL",
        "exit_code": 1,
        "summary": {"files": 2, "errors": 1, "warnings": 1, "strict": True},
        "statistics": [
            {"rule": "PV-SCH-002", "severity": "error", "count": 1},
            {"rule": "PV-SCH-003", "severity": "warning", "count": 1},
        ],
        "files": [
            {
                "file": "contracts/a.yaml",
                "contract": "a",
                "version": "1.0.0",
                "dialect": "pv",
                "errors": 1,
                "warnings": 0,
            },
            {
                "file": "contracts/b\n.yaml",
                "contract": "",
                "version": None,
                "dialect": "unread",
                "errors": 0,
                "warnings": 1,
            },
        ],
        "findings": [
            {
                "rule": "PV-SCH-002",
                "severity": "error",
                "message": _ERROR.message,
                "advice": _ERROR.advice,
                "file": "contracts/a.yaml",
                **place,
                "contract": "a",
                "path": ["falsification_tests", 0, "predicton"],
                "fingerprint": fingerprints([_ERROR])[0],
                "fix": {
                    "title": "rename",
                    "replacement": "prediction",
                    "safe": True,
                    "file": "contracts/a.yaml",
                    **place,
                },
            },
            {
                "rule": "PV-SCH-003",
                "severity": "warning",
                "message": "evil \x1b[2J text",
                "advice": "",
                "file": "contracts/b\n.yaml",
                "line": 1,
                "column": 1,
                "end_line": 1,
                "end_column": 1,
                "contract": "",
                "path": [],
                "fingerprint": fingerprints([_WARNING])[0],
                "fix": None,
            },
        ],
    }


@pytest.mark.parametrize(
    ("files", "findings", "strict", "outcome"),
    [
        ((), (), False, Outcome.NOTHING_JUDGED),
        ((), (_ERROR,), True, Outcome.NOTHING_JUDGED),
        (_FILES, (), False, Outcome.PASS),
        (_FILES, (), True, Outcome.PASS),
        (_FILES, (_WARNING,), False, Outcome.PASS),
        (_FILES, (_WARNING,), True, Outcome.FAIL),
        (_FILES, (_ERROR,), False, Outcome.FAIL),
        (_FILES, (replace(_ERROR, severity=Severity.INFO),), True, Outcome.PASS),
    ],
)
def test_the_verdict_follows_from_files_and_findings(
    files: tuple[FileReport, ...], findings: tuple[Finding, ...], strict: bool, outcome: Outcome
) -> None:
    assert Report(files, findings, strict=strict).outcome is outcome


@pytest.mark.parametrize("form", WRITERS)
def test_a_full_disk_is_said_and_no_defect(form: Format) -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails too
    with pytest.raises(UsageError) as caught:
        deliver(REPORT, form, full)
    with contextlib.suppress(OSError):
        full.close()
    assert "No space left" in caught.value.message


def test_a_reader_that_left_is_passed_on() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        deliver(REPORT, Format.TEXT, Gone())
