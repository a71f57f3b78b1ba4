"""What each kind of contract must hold.

A contract of no declared kind is a kernel; what it lacks is then a warning, because its author
never said that it is one.
"""

from __future__ import annotations

from typing import Final

from pv.yamlfile.check import Checker
from pv.yamlfile.checked import Checked
from pv.yamlfile.keys import KINDS
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.shapes import nearest
from pv.yamlfile.wording import shown

_ALWAYS: Final = ("version", "description", "references")
_KERNEL: Final = ("equations", "proof_obligations", "falsification_tests", "kani_harnesses")
_SHIP: Final = ("models",)


def check_kind(checker: Checker, contract: Checked) -> None:
    """Note what a contract lacks of the parts that its kind demands, and what its kind has not."""
    _misplaced(checker, contract)
    metadata = contract.record("metadata")
    if metadata is None:
        return  # noted as missing or faulty already
    kind = metadata.maybe("kind")
    if kind is not None and kind not in KINDS:
        _unknown(checker, kind)
    elif "kind" not in metadata.faulty:
        _demands(checker, contract, metadata, kind)


def _misplaced(checker: Checker, contract: Checked) -> None:
    if "kind" in contract:
        message = "contract: kind stands at the top level, expected it under metadata"
        checker.note(SchemaCode.MISPLACED_KEY, ("kind",), message, "move it", key=True)
    metadata = contract.record("metadata")
    if "models" in contract and metadata is not None and metadata.get("kind") != "ship":
        message = "contract: models stand in a contract that is not of kind ship"
        checker.note(
            SchemaCode.MISPLACED_KEY,
            ("models",),
            message,
            "write kind: ship under metadata, or models under the falsifier that needs them",
            key=True,
        )


def _unknown(checker: Checker, kind: str) -> None:
    meant = nearest(kind, KINDS)
    checker.note(
        SchemaCode.UNKNOWN_WORD,
        ("metadata", "kind"),
        f"metadata: kind is {shown(kind)}, expected one of {', '.join(KINDS)}",
        f"did you mean {meant}?" if meant else "choose the one whose demands fit",
    )


def _demands(checker: Checker, contract: Checked, metadata: Checked, kind: str | None) -> None:
    registry = metadata.get("registry") is True
    kernel = kind in (None, "kernel") and not registry
    code = SchemaCode.KIND_LACKS_KEY if kind else SchemaCode.DEFAULT_KIND_LACKS_KEY
    who = f"contract of kind {kind}" if kind else "contract of no declared kind, thus a kernel"
    if registry and not kind:
        who = "contract of a registry"
    lacks = [f"metadata.{key}" for key in _ALWAYS if metadata.lacks(key)]
    needed = _SHIP if kind == "ship" else _KERNEL if kernel else ()
    lacks += [key for key in needed if contract.lacks(key)]
    if kernel:
        _check_counts(checker, code, contract, who)
    if lacks:
        advice = "add what is missing"
        if kernel:
            advice += ", or declare under metadata the kind that this is"
        told = f"{who}: no {', no '.join(lacks)}"
        checker.note(code, ("metadata",), told, advice, key=True)


def _check_counts(checker: Checker, code: SchemaCode, contract: Checked, who: str) -> None:
    tests = len(contract.items("falsification_tests"))
    obligations = len(contract.items("proof_obligations"))
    if 0 < tests < obligations:
        checker.note(
            code,
            ("falsification_tests",),
            f"{who}: {obligations} obligations, expected as many falsifiers, found {tests}",
            "add a falsifier for each obligation",
            key=True,
        )
