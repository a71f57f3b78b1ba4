"""Contracts that keep their falsifiers under older blocks, without `falsification_tests`.

The blocks are `falsification` (rows with id or name), `falsification_conditions`, `gates`
with a verdict, and `invariants` with a falsifier.
"""

from __future__ import annotations

from typing import Any, Final

from pv.model.contract import Binding, BindingKind, Dialect, Falsifier, Path
from pv.yamlfile.check import Checker
from pv.yamlfile.checked import Checked
from pv.yamlfile.dialects.reader import Data, Reader, extended
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.shapes import Key, Shape

_BLOCKS: Final = ("falsification", "falsification_conditions", "gates", "invariants")
_RULE: Final = ("rule", "description", "condition", "claim", "statement", "name", "given")
_PREDICTION: Final = ("prediction", "expected", "expected_output", "then", "threshold", "criterion")
_TEST: Final = ("test", "test_harness", "command", "falsification_test", "falsifier", "when")
_IF_FAILS: Final = ("if_fails", "fails_if", "action_if_falsified", "if_test_passes", "action")
_STATUS: Final = ("status", "discharge_status", "verdict")


def _claims(root: Data) -> bool:
    keys = root.keys()
    if "falsification_tests" in keys:
        return False
    return bool(keys & {"falsification", "falsification_conditions"}) or (
        _items_with(root, "gates", "verdict") or _items_with(root, "invariants", "falsifier")
    )


def _items_with(root: Data, block: str, key: str) -> bool:
    items = root.get(block)
    listed = items if isinstance(items, list) else []
    return any(isinstance(item, dict) and key in item for item in listed)


def _falsifiers(checker: Checker, contract: Checked) -> tuple[Falsifier, ...]:
    """Return a falsifier for every row of the older blocks that tells what would refute it."""
    found = []
    for block in _BLOCKS:
        for key, row in _rows(contract.get(block)):
            if isinstance(row, dict):
                if block != "invariants" or "falsifier" in row:
                    found.append(_falsifier(row, (block, key)))
            elif block != "invariants":
                checker.note(
                    SchemaCode.INCOMPLETE_FALSIFIER,
                    (block, key),
                    f"contract: {block}[{key}] is no mapping, expected one with id and prediction",
                    "write it as an entry of falsification_tests",
                )
    return tuple(found)


def _rows(block: Any) -> list[tuple[str | int, Any]]:
    if isinstance(block, dict):
        return [
            (key, {"id": key, **row} if isinstance(row, dict) else row)
            for key, row in block.items()
        ]
    return list(enumerate(block)) if isinstance(block, list) else []


def _falsifier(row: dict[str, Any], path: Path) -> Falsifier:
    named = next((key for key in _TEST if isinstance(row.get(key), str)), None)
    binding = (
        Binding(BindingKind.TEXT, row[named], (*path, named))
        if named
        else Binding(BindingKind.ABSENT, "", path)
    )
    return Falsifier(
        id=_first(row, ("id", "name")) or ".".join(map(str, path)),
        path=path,
        rule=_first(row, _RULE),
        prediction=_first(row, _PREDICTION),
        binding=binding,
        if_fails=_first(row, _IF_FAILS),
        blocking=row.get("ship_blocking") is not False,
        status=_first(row, _STATUS) or None,
        extra=row,
    )


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(row[key]) for key in keys if isinstance(row.get(key), str | int | float)), "")


READER = Reader(
    Dialect.LEGACY,
    _claims,
    extended(
        CONTRACT,
        *(
            Key(name, Shape.ITEMS | Shape.FREE | Shape.TEXT, "Older block of falsifiers",
                since=Dialect.LEGACY)
            for name in _BLOCKS
        ),
        optional=("metadata",),
    ),
    falsifiers=_falsifiers,
)  # fmt: skip
