"""What holds between the keys of one mapping, as JSON Schema."""

from __future__ import annotations

from typing import Any, Final

from pv.yamlfile.falsifier_keys import BINDINGS, OPERATORS

BINDING_RULES: Final[dict[str, Any]] = {
    "oneOf": [{"required": [key]} for key in (*BINDINGS, "test")],
    "if": {"required": ["awaits"]},
    "then": {
        "required": ["expect"],
        "properties": {"expect": {"minItems": 1, "items": {"required": ["unit"]}}},
    },
}
"""A falsifier names exactly one thing to run, or why nothing runs; what comes from outside is held
against limits with units."""

_NUMERIC: Final = {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]}


def _for_operator(words: tuple[str, ...], then: dict[str, Any]) -> dict[str, Any]:
    return {
        "if": {"properties": {"op": {"enum": list(words)}}, "required": ["op"]},
        "then": then,
    }


_PAIR: Final = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
EXPECTATION_RULES: Final[dict[str, Any]] = {
    "allOf": [
        _for_operator(OPERATORS[:4], {"properties": {"value": _NUMERIC}}),
        _for_operator(("within",), {"properties": {"value": _PAIR}}),
        _for_operator(("near",), {"properties": {"value": _NUMERIC}, "required": ["tolerance"]}),
        _for_operator(
            tuple(op for op in OPERATORS if op != "near"), {"not": {"required": ["tolerance"]}}
        ),
    ]
}
"""Operator, value and tolerance fit together."""

_KERNEL: Final = ("equations", "proof_obligations", "falsification_tests", "kani_harnesses")


def _kind_is(name: str) -> dict[str, Any]:
    metadata = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
    return {"properties": {"metadata": metadata}}


_FILLED: Final = {"minItems": 1, "minProperties": 1}
_REGISTRY: Final = {
    "properties": {
        "metadata": {"properties": {"registry": {"const": True}}, "required": ["registry"]}
    }
}
_NO_KIND: Final = {"properties": {"metadata": {"not": {"required": ["kind"]}}}}

_SHIP_RULE: Final = {
    "if": _kind_is("ship"),
    "then": {"required": ["models"], "properties": {"models": _FILLED}},
    "else": {"not": {"required": ["models"]}},
}
_KERNEL_RULE: Final = {
    "if": {"anyOf": [_kind_is("kernel"), _NO_KIND], "not": _REGISTRY},
    "then": {"required": list(_KERNEL), "properties": dict.fromkeys(_KERNEL, _FILLED)},
}

KIND_RULES: Final[dict[str, Any]] = {"allOf": [_SHIP_RULE, _KERNEL_RULE]}
"""A kernel, declared or by default, has its four parts; models to ship stand in kind ship alone."""
