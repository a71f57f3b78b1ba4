"""Every format on one data set: whole outputs, what they parse to, and that all say the same."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv import __version__
from pv.lint.catalogue import all_rules
from pv.lint.rule import FixKind, GateName, Rule
from pv.marks import Mark, Span
from pv.model.verdict import Severity
from pv.output import markdown, sarif
from pv.output.escape import escape
from pv.output.formats import WRITERS, writer_of
from pv.output.interface import FileReport, Outcome, Report
from pv.output.names import Format
from tests.unit.output.report_cases import LINTED, NASTY_NAME, REPORTS, VALIDATED

_GOLDEN = Path(__file__).parent / "golden"
_SCHEMA = Path(__file__).parents[2] / "schemas/sarif-schema-2.1.0.json"
_VALIDATOR = jsonschema.Draft7Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
_CASES = [(name, form) for name in REPORTS for form in WRITERS]


def written(report: Report, form: Format) -> str:
    stream = io.StringIO()
    writer_of(form)(report, stream)
    return stream.getvalue()


def test_every_format_but_auto_has_a_writer_of_its_own() -> None:
    assert set(WRITERS) == set(Format) - {Format.AUTO}
    assert len({writer_of(form) for form in WRITERS}) == len(WRITERS)


@pytest.mark.parametrize(("name", "form"), _CASES)
def test_whole_outputs(name: str, form: Format) -> None:
    """REWRITE_GOLDEN=1 writes the files anew, and fails: they are to be reviewed."""
    golden = _GOLDEN / f"{name}.{form.value}"
    text = written(REPORTS[name], form).replace(f'"{__version__}"', '"VERSION"')
    if os.environ.get("REWRITE_GOLDEN") == "1":
        golden.write_bytes(text.encode("utf-8"))
        pytest.fail(f"{golden.name} is written")
    assert text.encode("utf-8") == golden.read_bytes()


def test_no_golden_file_is_left_over() -> None:
    wanted = {f"{name}.{form.value}" for name, form in _CASES}
    assert {file.name for file in _GOLDEN.iterdir()} == wanted


def _text(text: str) -> str:
    last = text.splitlines()[-1]
    return next(one.value for one in Outcome if re.search(rf"(^|· ){one.value}($|, )", last))


def _junit(text: str) -> str:
    root = ET.fromstring(text)
    counts = {kind: len(root.findall(f".//{kind}")) for kind in ("failure", "error", "skipped")}
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(root.attrib[name]) == counts[kind]
        assert sum(int(suite.attrib[name]) for suite in root) == counts[kind]
    cases = root.findall(".//testcase")
    assert int(root.attrib["tests"]) == len(cases)
    if counts["error"]:
        (error,) = root.findall(".//error")
        known = {"internal error": Outcome.CRASHED}
        return known.get(error.attrib["message"], error.attrib["message"])
    assert counts["skipped"] < len(cases)
    return "FAIL" if counts["failure"] else "PASS"


def _sarif(text: str) -> str:
    (run,) = json.loads(text)["runs"]
    (invocation,) = run["invocations"]
    outcome = Outcome(run["properties"]["outcome"])
    assert invocation["exitCode"] == outcome.exit_code
    assert invocation["executionSuccessful"] is (outcome.exit_code < 2)
    return outcome


def _json(text: str) -> str:
    data = json.loads(text)
    assert data["exit_code"] == Outcome(data["outcome"]).exit_code
    return str(data["outcome"])


SAID: dict[Format, Callable[[str], str]] = {
    Format.TEXT: _text,
    Format.CONCISE: _text,
    Format.GITHUB: _text,
    Format.MARKDOWN: lambda text: text.split("\n", 1)[0].partition(": ")[2],
    Format.JSON: _json,
    Format.JSONL: lambda text: _json(text.splitlines()[-1]),
    Format.SARIF: _sarif,
    Format.JUNIT: _junit,
}
"""How to read the verdict from each format."""

EXITS = {
    "validated": 1,
    "strict": 1,
    "warned": 0,
    "clean": 0,
    "nothing": 3,
    "linted": 1,
    "passed": 0,
    "no-verdict": 3,
    "crashed": 4,
    "statistics": 1,
}


@pytest.mark.parametrize(("name", "form"), _CASES)
def test_the_exit_code_agrees_with_what_is_printed(name: str, form: Format) -> None:
    said = Outcome(SAID[form](written(REPORTS[name], form)))
    wanted = REPORTS[name].outcome
    if form is Format.JUNIT and wanted.exit_code == 3:
        assert said.exit_code == 3
    else:
        assert said is wanted
    assert said.exit_code == EXITS[name]


@pytest.mark.parametrize(("name", "form"), _CASES)
def test_nothing_that_acts_on_a_terminal_is_written(name: str, form: Format) -> None:
    text = written(REPORTS[name], form)
    assert text.endswith("\n")
    assert escape(text.replace("\n", "")) == text.replace("\n", "")


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.SARIF, Format.JUNIT])
def test_formats_for_programs_are_ascii(form: Format) -> None:
    assert written(VALIDATED, form).isascii()


# SARIF


def test_the_schema_is_the_one_of_oasis() -> None:
    digest = sha256(_SCHEMA.read_bytes()).hexdigest()
    assert digest == "f130982457e7ce0d8218641f5c08c1c667e7814502c4527c4506a72614e03742"
    _VALIDATOR.check_schema(_VALIDATOR.schema)


@pytest.mark.parametrize("name", REPORTS)
def test_sarif_is_what_the_schema_of_oasis_asks_for(name: str) -> None:
    data = json.loads(written(REPORTS[name], Format.SARIF))
    assert [*_VALIDATOR.iter_errors(data)] == []


def test_the_schema_refuses_what_is_wrong() -> None:
    data = sarif.sarif_data(LINTED)
    data["runs"][0]["results"][0]["level"] = "fatal"
    assert [*_VALIDATOR.iter_errors(data)] != []


def test_every_rule_has_help_that_the_schema_takes() -> None:
    first, *_ = LINTED.findings
    findings = tuple(replace(first, rule=rule.id) for rule in all_rules())
    data = sarif.sarif_data(LINTED._replace(findings=findings))
    assert [*_VALIDATOR.iter_errors(data)] == []
    (run,) = data["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == sorted(rule.id for rule in all_rules())
    assert all(one["help"]["text"] and one["help"]["markdown"] for one in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_rule_is_described_with_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (
        "Bad thing.\n\nWhat it finds\n    A thing.\nWhy it matters\n    It is bad.\n"
        "Example\n    bad: 1\nInstead\n    good: 1\nFix\n    None.\n"
    )
    rule = Rule(
        "PV-TST-001", "bad-thing", "0.1", Severity.ERROR, GateName.AUDIT, FixKind.NEVER, page
    )
    monkeypatch.setattr(sarif, "all_rules", lambda: (rule,))
    (run,) = sarif.sarif_data(LINTED)["runs"]
    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "PV-TST-001",
            "name": "bad-thing",
            "shortDescription": {"text": "Bad thing"},
            "fullDescription": {"text": "A thing."},
            "help": {
                "text": "What it finds: A thing.\n\nWhy it matters: It is bad.\n\n"
                "Example: bad: 1\n\nInstead: good: 1\n\nFix: None.",
                "markdown": "**What it finds**\n\nA thing.\n\n**Why it matters**\n\nIt is bad.\n\n"
                "**Example**\n\n```yaml\nbad: 1\n```\n\n**Instead**\n\n```yaml\ngood: 1\n```\n\n"
                "**Fix**\n\nNone.",
            },
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["audit"], "since": "0.1", "fix": "never"},
        },
        {"id": "PV-TST-002"},
    ]


# JUnit, GitHub, Markdown


def test_a_document_of_junit_holds_every_finding_that_fails() -> None:
    root = ET.fromstring(written(VALIDATED, Format.JUNIT))
    failures = [
        (case.attrib["name"], case.attrib["file"], case.attrib["line"])
        for case in root.iter("testcase")
        if case.find("failure") is not None
    ]
    place = ("PV-TST-001 falsification_tests[0].predicton", "contracts/a.yaml")
    assert failures == [(*place, "2"), (*place, "3")]


def _decoded(text: str) -> str:
    for code, character in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def _commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Return command, properties and message of every workflow command, as the runner does."""
    found = []
    for line in text.splitlines():
        if match := re.match(r"::(\w+) (.*?)::(.*)", line):
            pairs = (pair.split("=", 1) for pair in match[2].split(","))
            named = {name: _decoded(value) for name, value in pairs}
            found.append((match[1], named, _decoded(match[3])))
    return found


def test_a_runner_of_github_reads_one_command_a_finding() -> None:
    commands = _commands(written(VALIDATED, Format.GITHUB))
    assert [one[0] for one in commands] == ["notice", "error", "error", "warning", "warning"]
    assert commands[1] == (
        "error",
        {
            "file": "contracts/a.yaml",
            "line": "2",
            "endLine": "2",
            "col": "3",
            "endColumn": "12",
            "title": "PV-TST-001",
        },
        'falsifier F-1: unknown key "predicton"\ndo: did you mean prediction?',
    )
    assert set(commands[3][1]) == {"file", "line", "endLine", "title"}
    assert commands[4][1]["file"] == NASTY_NAME.replace("\x1b", "\\x1b")
    assert "100% of" in commands[3][2]


def test_markdown_lists_no_more_than_a_summary_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "SHOWN", 2)
    lines = written(VALIDATED, Format.MARKDOWN).splitlines()
    assert lines[-1] == "The first 2 of 5 findings are listed."
    assert sum(line.startswith(("| error", "| info", "| warning")) for line in lines) == 2


# Anything at all


_ANY = st.text(
    st.characters() | st.sampled_from("\x00\x1b\x7f\x85\u2028\u202e\ufffe\r\n%,:|<>&\"'`]")
)


@given(message=_ANY, advice=_ANY, file=_ANY.filter(bool), contract=_ANY)
def test_no_text_breaks_a_format(message: str, advice: str, file: str, contract: str) -> None:
    first, *_ = LINTED.findings
    span = Span(file, Mark(1, 1), Mark(1, 2))
    finding = replace(first, message=message, advice=advice, span=span, contract=contract, fix=None)
    report = Report((FileReport(file, contract, None, "pv"),), (finding,), {file: message})
    texts = {form: written(report, form) for form in WRITERS}
    for form, text in texts.items():
        plain = text.replace("\n", "")
        assert escape(plain) == plain
        assert SAID[form](text) == "FAIL"
    (found,) = json.loads(texts[Format.JSON])["findings"]
    assert (found["message"], found["file"]) == (message, file)
    assert [*_VALIDATOR.iter_errors(json.loads(texts[Format.SARIF]))] == []
    assert len(_commands(texts[Format.GITHUB])) == 1
    assert len(texts[Format.CONCISE].splitlines()) == 2
    rows = [row for row in texts[Format.MARKDOWN].splitlines() if row.startswith("| error")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6]
