"""The data set that all formats are tested on: what happens, and what nobody should write."""

from __future__ import annotations

from dataclasses import replace

from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.output.interface import FileReport, Gate, Outcome, Report

HOSTILE = "bell \x07, clear \x1b[2J, nul \x00, del \x7f, C1 \x9b, order \u202e, none \ufffe \ud800"
NASTY_NAME = "contracts/50% a,b:c\n]]>\x1b[31m.yaml"

_PLAIN = Finding(
    rule="PV-TST-001",
    severity=Severity.ERROR,
    message='falsifier F-1: unknown key "predicton"',
    span=Span("contracts/a.yaml", Mark(2, 3), Mark(2, 12)),
    advice="did you mean prediction?",
    contract="a",
    path=("falsification_tests", 0, "predicton"),
    fix=Fix(
        "write prediction",
        Span("contracts/a.yaml", Mark(2, 3), Mark(2, 12)),
        "prediction",
        safe=True,
    ),
)
_AGAIN = replace(_PLAIN, span=Span("contracts/a.yaml", Mark(3, 3), Mark(3, 12)), fix=None)
_WIDE = Finding(
    rule="PV-TST-002",
    severity=Severity.WARNING,
    message="naïve 漢字 𝔘 has 100% of `code` | <b>bold</b> & *stars* [link](x) _u_ $m$ ~s~",
    span=Span("contracts/a.yaml", Mark(4, 1), Mark(6, 4)),
    contract="a",
)
_HOSTILE = Finding(
    rule="PV-TST-003",
    severity=Severity.WARNING,
    message=f"{HOSTILE}\r\n::error::injected ]]> </failure>",
    span=Span(NASTY_NAME, Mark(1, 1), Mark(1, 1)),
    advice="first line\nsecond line, with: colon",
)
_INFO = Finding(
    rule="PV-TST-004",
    severity=Severity.INFO,
    message="for your information",
    span=Span("../elsewhere/c.yaml", Mark(1, 1), Mark(1, 2)),
    contract="c",
)
_A = FileReport("contracts/a.yaml", "a", "1.0.0", "pv")
_NASTY = FileReport(NASTY_NAME, "", None, "unread")
_C = FileReport("../elsewhere/c.yaml", "c", "2.0.0", "kernel")
_D = FileReport("/absolute/d e.yaml", "d", "1.0.0", "pv")
_TEXTS = {"contracts/a.yaml": "x:\n  predicton: p\n  predicton: \x1bq\nlist:\n- 1\n- 2\n"}

_GATES = (
    Gate("validate", "pass", "2 files", 0, 0, passed=True),
    Gate("audit", "FAIL", "3 claims", 2, 1, passed=False),
    Gate("ship", "nothing to judge", "", 0, 0, passed=None),
    Gate("transitions", "not judged", "no git <repository>", 0, 0, passed=None),
    Gate("strict-test-binding", "not asked for", "--strict-test-binding", 0, 0, passed=None),
)
_STATES = {"pass": 1, "FAIL": 1, "nothing to judge": 1, "not judged": 1, "not asked for": 1}

VALIDATED = Report((_C, _A, _NASTY), (_INFO, _PLAIN, _AGAIN, _WIDE, _HOSTILE), _TEXTS)
LINTED = Report(
    files=(_A, _D),
    findings=(_PLAIN, _AGAIN, _WIDE),
    texts=_TEXTS,
    command="lint",
    gates=_GATES,
    states=_STATES,
    bindings={"bound": 2, "dangling": 1},
    given=Outcome.FAIL,
)

REPORTS = {
    "validated": VALIDATED,
    "strict": VALIDATED._replace(findings=(_INFO, _WIDE), strict=True),
    "warned": VALIDATED._replace(findings=(_INFO, _WIDE)),
    "clean": Report((_A, _D), ()),
    "nothing": Report((), ()),
    "linted": LINTED,
    "passed": LINTED._replace(
        findings=(),
        gates=(_GATES[0], *_GATES[2:]),
        states={**_STATES, "FAIL": 0},
        given=Outcome.PASS,
    ),
    "no-verdict": LINTED._replace(
        files=(),
        findings=(),
        gates=_GATES[2:],
        states={**_STATES, "FAIL": 0, "pass": 0},
        given=Outcome.NO_VERDICT,
    ),
    "crashed": LINTED._replace(
        crashes=("rule PV-TST-009 failed on a\x1b.yaml: KeyError: <x>",),
        given=Outcome.CRASHED,
    ),
    "statistics": LINTED._replace(statistics=True),
}
