"""Examples of faults of what a contract holds: one row a code, wrong and right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pv.yamlfile.schema_problems import SchemaCode as Code
from pv.yamlfile.yaml_examples import Row

_CLAIMED: Final = (
    "falsification_tests:\n  - id: FALSIFY-MILL-001\n    rule: the mill loses no grain\n"
)


def _falsifier(rest: str) -> str:
    """Return a falsifier that is complete but for `rest`."""
    said = "    prediction: yield is at most 1\n    if_fails: weigh the grain again\n"
    return f"{_CLAIMED}{said}{rest}"


_HARNESS: Final = "    harness: falsifiers/mill.py::measure\n"


def _limit(rest: str) -> str:
    return _falsifier(f"{_HARNESS}    expect:\n      - {{ metric: yield, {rest}, reason: mass }}")


def _metadata(rest: str, kind: str = "kind: pattern\n  ") -> str:
    head = f"metadata:\n  version: 1.0.0\n  {kind}description: a mill\n"
    return f"{head}  references: [ a book ]\n{rest}"


SCHEMA_EXAMPLES: Final[Mapping[Code, Row]] = {
    Code.NOT_A_CONTRACT: (
        "stones: 2\nwheel: 1",
        _metadata("x-stones: 2"),
        True,
    ),
    Code.MISSPELT_KEY: (
        "falsifiaction_tests: []",
        "falsification_tests: []",
    ),
    Code.UNKNOWN_KEY: (
        "colour: blue",
        "x-colour: blue",
    ),
    Code.MISSING_KEY: (
        "hypotheses:\n  - id: A1",
        "hypotheses:\n  - id: A1\n    claim: the stones heat the flour",
    ),
    Code.WRONG_TYPE: (
        "equations:\n  mill: out <= in",
        'equations:\n  mill: { formula: "out <= in" }',
    ),
    Code.ACCIDENTAL_MAPPING: (
        "postconditions:\n  - the order is kept: always",
        'postconditions:\n  - "the order is kept: always"',
    ),
    Code.EMPTY_VALUE: (
        "equations:",
        'equations:\n  mill: { formula: "out <= in" }',
    ),
    Code.BAD_DATE: (
        _metadata("  created: 2026-02-30"),
        _metadata("  created: 2026-02-28"),
        True,
    ),
    Code.NUMBER_AS_TEXT: (
        _limit('op: "near", value: 1.0, tolerance: "1e-5"'),
        _limit('op: "near", value: 1.0, tolerance: 1.0e-5'),
    ),
    Code.NOT_FINITE: (
        _limit('op: "<=", value: .inf'),
        _limit('op: "<=", value: 1.0'),
    ),
    Code.UNKNOWN_WORD: (
        _limit('op: "=<", value: 1.0'),
        _limit('op: "<=", value: 1.0'),
    ),
    Code.BAD_EXPECTATION: (
        _limit("op: within, value: 1.0"),
        _limit("op: within, value: [ 0.9, 1.0 ]"),
    ),
    Code.BAD_DIGEST: (
        _falsifier(
            f"{_HARNESS}"
            "    models:\n"
            "      accept: [ { name: tiny, architecture: llama, sha256: 5f1c } ]"
        ),
        _falsifier(
            f"{_HARNESS}"
            "    models:\n"
            "      accept: [ { name: tiny, architecture: llama, sha256: unrecorded } ]"
        ),
    ),
    Code.BAD_PERIOD: (
        _metadata("  shelf_life: a quarter"),
        _metadata("  shelf_life: 90d"),
        True,
    ),
    Code.SEVERAL_BINDINGS: (
        _falsifier(f"{_HARNESS}    pytest: tests/test_mill.py::test_yield"),
        _falsifier(_HARNESS.rstrip()),
    ),
    Code.INCOMPLETE_FALSIFIER: (
        f"{_CLAIMED}{_HARNESS.rstrip()}",
        _falsifier(_HARNESS.rstrip()),
    ),
    Code.MISPLACED_KEY: (
        "kind: pattern",
        "# kind: pattern stands under metadata",
    ),
    Code.KIND_LACKS_KEY: (
        _metadata('equations: { mill: { formula: "out <= in" } }', "kind: kernel\n  "),
        _metadata('equations: { mill: { formula: "out <= in" } }'),
        True,
    ),
    Code.DEFAULT_KIND_LACKS_KEY: (
        _metadata('equations: { mill: { formula: "out <= in" } }', ""),
        _metadata('equations: { mill: { formula: "out <= in" } }'),
        True,
    ),
    Code.UNREAD_CHANGELOG: (
        "changelog:\n  - a second stone",
        "changelog:\n  - { version: 1.0.0, date: 2026-05-06, changes: [ a second stone ] }",
    ),
    Code.PROBLEM_FLOOD: (
        "x-mill: 1\nfalsification_tests: [ ⟨1, × 202⟩ ]",
        "x-mill: 1\nfalsification_tests: []",
    ),
}
