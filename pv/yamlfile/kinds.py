"""What each kind of contract must hold.

A contract of no declared kind is a kernel; what it lacks is then a warning, because its author
never said that it is one.
"""

from __future__ import annotations

from typing import Final

from pv.yamlfile.check import Checked, Checker
from pv.yamlfile.keys import KINDS
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.shapes import nearest
from pv.yamlfile.wording import shown

_ALWAYS: Final = ("version", "description", "references")
_KERNEL: Final = ("equations", "proof_obligations", "falsification_tests", "kani_harnesses")
_SHIP: Final = ("models",)


def check_kind(checker: Checker, contract: Checked, metadata: Checked) -> None:
    """Note what a contract lacks of the parts that its kind demands."""
    kind = metadata.maybe("kind")
    if "kind" in contract:
        checker.note(
            SchemaCode.MISPLACED_KEY,
            ("kind",),
            "contract: kind stands at the top level",
            "move it under metadata",
            key=True,
        )
    if kind is not None and kind not in KINDS:
        meant = nearest(kind, KINDS)
        checker.note(
            SchemaCode.UNKNOWN_WORD,
            ("metadata", "kind"),
            f"metadata: kind is {shown(kind)}, expected one of {', '.join(KINDS)}",
            f"did you mean {meant}?" if meant else "choose the one whose demands fit",
        )
        return
    registry = metadata.get("registry") is True
    name = kind or ("registry" if registry else "kernel")
    code = SchemaCode.KIND_LACKS_KEY if kind else SchemaCode.DEFAULT_KIND_LACKS_KEY
    who = f"contract of kind {name}" if kind else "contract of no declared kind, thus a kernel"
    if name == "registry" and not kind:
        who = "contract of a registry"
    lacks = [f"metadata.{key}" for key in _ALWAYS if metadata.lacks(key)]
    if name == "ship":
        lacks += [key for key in _SHIP if contract.lacks(key)]
    if name == "kernel" and not registry:
        lacks += [key for key in _KERNEL if contract.lacks(key)]
        _check_counts(checker, code, contract, who)
    if lacks:
        advice = "add what is missing, or declare under metadata the kind that this is"
        told = f"{who}: no {', no '.join(lacks)}"
        checker.note(code, ("metadata",), told, advice, key=True)


def _check_counts(checker: Checker, code: SchemaCode, contract: Checked, who: str) -> None:
    tests = len(contract.items("falsification_tests"))
    obligations = len(contract.items("proof_obligations"))
    if 0 < tests < obligations:
        checker.note(
            code,
            ("falsification_tests",),
            f"{who}: {tests} falsifiers for {obligations} obligations, expected as many at least",
            "add a falsifier for each obligation",
            key=True,
        )
