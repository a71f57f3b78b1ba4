"""Checked mappings into the records of the model: falsifiers and everything inside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pv.model.contract import (
    Binding,
    BindingKind,
    Companion,
    Expectation,
    Falsifier,
    ModelDemand,
    ModelReference,
)
from pv.yamlfile.check import Checker
from pv.yamlfile.checked import Checked
from pv.yamlfile.falsifier_keys import BINDINGS, DEVICES, FALSIFIER, OPERATORS, QUORUMS
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.shapes import nearest
from pv.yamlfile.wording import is_number, shown

_RULE: Final = ("rule", "description", "claim", "name")
_PREDICTION: Final = ("prediction", "expected", "expected_output")
_IF_FAILS: Final = ("if_fails", "fails_if", "action_if_falsified", "if_test_passes")
_STATUS: Final = ("status", "discharge_status")
_TEXTS: Final = ("test", "test_harness", "command", "falsification_test", "name")
"""Keys of other teams that name a test, the most telling first."""
_COMMON_KEYS: Final = ("id", "rule", "prediction", "if_fails")
_FORMS: Final[dict[frozenset[str], str]] = {
    frozenset({*_COMMON_KEYS, key}): key for key in ("test", *BINDINGS) if key != "awaits"
}
"""Keys of the falsifiers that hold nothing else, to the one that names the test."""
_EXTRA: Final = ("note", "timeout_seconds")
"""Keys of ours that have no field of their own."""
_PLACED: Final = frozenset(
    name for name, key in FALSIFIER.keys.items() if key.since != "legacy" and name not in _EXTRA
)


def falsifier(checker: Checker, item: Checked) -> Falsifier:
    """Return the record of one falsifier and note what is wrong between its keys."""
    return _plain(item) or _full(checker, item)


def _plain(item: Checked) -> Falsifier | None:
    """Return the record of a falsifier with what each must have, and no more: most are so."""
    values = item.values
    key = _FORMS.get(frozenset(values)) if len(values) == len(_COMMON_KEYS) + 1 else None
    if key is None or item.faulty or not all(values.values()):
        return None
    if key == "test":
        test = values["test"]
        if test.isspace():
            return None
        binding = Binding(BindingKind.TEXT, test, (*item.path, "test"))
    else:
        binding = _own_binding(item, key)
    return Falsifier(
        values["id"],
        item.path,
        values["rule"],
        values["prediction"],
        binding,
        values["if_fails"],
    )


def _full(checker: Checker, item: Checked) -> Falsifier:
    binding = _binding(checker, item)
    _incomplete(checker, item, binding)
    _unjudgeable(checker, item, binding)
    own = {key: value for key, value in item.values.items() if key not in _PLACED}
    demand = item.record("models")
    return Falsifier(
        id=item.text("id"),
        path=item.path,
        rule=item.text(*_RULE),
        prediction=item.text(*_PREDICTION),
        binding=binding,
        if_fails=item.text(*_IF_FAILS),
        parameters=item.mapping("parameters"),
        expect=_expectations(checker, item),
        controls=item.texts("controls"),
        green_controls=item.texts("green_controls"),
        beside=tuple(_companion(checker, one) for one in item.items("beside")),
        models=_demand(checker, demand) if demand else None,
        device=_device(checker, item),
        decides=_decides(checker, item),
        unblocks=item.texts("unblocks"),
        proxy_for=item.texts("proxy_for"),
        blocking=item.get("blocking", "ship_blocking") is not False,
        status=claimed_status(item),
        extra=own,
    )


def claimed_status(item: Checked) -> str | None:
    """Return the status as written, whichever of its spellings is there.

    Of several keys such as `status_v1_2_0` the one of the highest version counts.
    """
    dated = [key for key in item.values if key.startswith("status_v")]
    if not dated:
        return item.maybe(*_STATUS)
    dated.reverse()  # of equal ones the last counts
    return item.maybe(*_STATUS, *sorted(dated, key=_version_of, reverse=True))


def _version_of(key: str) -> tuple[tuple[int, str], ...]:
    """Return what orders such keys by version, without turning endless digits into numbers."""
    parts = (part.lstrip("0") for part in key.removeprefix("status_v").split("_"))
    return tuple((len(part), part) for part in parts)


def _incomplete(checker: Checker, item: Checked, binding: Binding) -> None:
    lacks = [keys[0] for keys in (_RULE, _PREDICTION, _IF_FAILS) if item.lacks(*keys)]
    if "if_fails" in lacks and any(
        key.startswith("if_") and value for key, value in item.values.items()
    ):
        lacks.remove("if_fails")  # said in words of its own, such as if_test_compiles
    if binding.kind is BindingKind.ABSENT and item.lacks(*BINDINGS, *_TEXTS):
        lacks.append(f"test ({', '.join(BINDINGS[:4])}, or {', '.join(BINDINGS[4:])})")
    if lacks:
        what = f"{item.label}: no {', no '.join(lacks)}"
        checker.note(SchemaCode.INCOMPLETE_FALSIFIER, item.path, what, "add what is missing")


def _unjudgeable(checker: Checker, item: Checked, binding: Binding) -> None:
    """Note what a number from outside cannot be held against: no limit, or one without a unit."""
    if binding.kind is not BindingKind.AWAITS:
        return
    if item.lacks("expect"):
        what = f"{item.label}: expect is missing"
        checker.note(SchemaCode.MISSING_KEY, item.path, what, "add the limit of the awaited number")
    for one in item.items("expect"):
        if one.lacks("unit"):
            what = f"{one.label}: unit is missing"
            advice = "add unit: nothing else binds a number from outside to what is asked"
            checker.note(SchemaCode.MISSING_KEY, one.path, what, advice)


# What runs


def _binding(checker: Checker, item: Checked) -> Binding:
    named: list[str] = [key for key in BINDINGS if key in item.values]
    if "test" in item:
        named.append("test")
    if len(named) > 1:
        checker.note(
            SchemaCode.SEVERAL_BINDINGS,
            (*item.path, named[1]),
            f"{item.label}: {' and '.join(named)} stand together, expected exactly one",
            "keep the one that answers the question",
            key=True,
        )
    if named and named[0] != "test":
        return _own_binding(item, named[0])
    for key in _TEXTS:
        text = item.text(key)
        if text and not text.isspace():
            return Binding(BindingKind.TEXT, text, (*item.path, key))
    return Binding(BindingKind.ABSENT, "", item.path)


def _own_binding(item: Checked, key: str) -> Binding:
    kind, path, value = BindingKind(key), (*item.path, key), item.values[key]
    if isinstance(value, str):
        # A command line in one text is what other teams write: it is classified, never run here.
        return Binding(BindingKind.TEXT if key == "command" else kind, value, path)
    if isinstance(value, list):
        return Binding(kind, " ".join(value), path, argv=tuple(value))
    if kind is BindingKind.COMMAND:
        argv = value.texts("argv")
        rest = {name: one for name, one in value.values.items() if name != "argv"}
        if isinstance(success := rest.get("success"), Checked):
            rest["success"] = dict(success.values)
        return Binding(kind, " ".join(argv), path, argv=argv, details=rest)
    if kind is BindingKind.CARGO:
        return Binding(kind, _cargo_line(value), path, details=dict(value.values))
    if kind is BindingKind.EXTERNAL:
        repository = value.text("repository")
        reason = f"stands in {repository}, and nothing of it runs here"
        reference = value.text("reference")
        return Binding(kind, reference, path, reason=reason, details=dict(value.values))
    rest = {name: one for name, one in value.values.items() if name != "reason"}
    reason = value.text("reason")
    return Binding(kind, reason, path, reason=reason, details=rest)


def _cargo_line(value: Checked) -> str:
    parts = ["cargo test", "-p", value.text("package")]
    if "target" in value:
        parts += ["--test", value.text("target")]
    if features := value.texts("features"):
        parts += ["--features", ",".join(features)]
    return " ".join([*parts, value.text("filter")]).rstrip()


# Limits


def _expectations(checker: Checker, item: Checked) -> tuple[Expectation, ...]:
    read = (_expectation(checker, one) for one in item.items("expect"))
    return tuple(one for one in read if one is not None)


def _expectation(checker: Checker, item: Checked) -> Expectation | None:
    if not {"metric", "op", "value"} <= set(item.values):
        return None  # what is missing or wrong is noted already
    op, value, tolerance = item.text("op"), item.get("value"), item.get("tolerance")
    if op not in OPERATORS:
        meant = {"=<": "<=", "=>": ">=", "=": "==", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
        close = meant.get(op) or nearest(op, OPERATORS)
        checker.note(
            SchemaCode.UNKNOWN_WORD,
            (*item.path, "op"),
            f"{item.label}: op is {shown(op)}, expected one of {' '.join(OPERATORS)}",
            f"did you mean {close}?" if close else "choose the comparison that is meant",
        )
        return None
    if "tolerance" in item.faulty:
        return None
    fault = limit_fault(op, value, tolerance)
    if fault:
        key, found, advice = fault
        checker.note(
            SchemaCode.BAD_EXPECTATION, (*item.path, key), f"{item.label}: {found}", advice
        )
        return None
    metric, reason = item.text("metric"), item.text("reason")
    return Expectation(metric, op, value, reason, item.path, tolerance, item.text("unit"))


def limit_fault(op: str, value: Any, tolerance: float | None) -> tuple[str, str, str] | None:
    """Return key, fault and advice where a limit cannot judge anything, else None."""
    numbers = value if isinstance(value, list) else [value]
    numeric = all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
    if not numbers:
        return "value", "value is an empty list", "give a limit for each element, or one for all"
    if op != "==" and not numeric:
        return "value", f"value of {op} is {_kind(value)}, expected numbers", _unquoted(value)
    if op == "within":
        if not isinstance(value, list) or len(value) != 2:
            return "value", "value of within is no pair", "write [low, high], both inclusive"
        if value[0] > value[1]:
            return "value", f"value of within is {value}", "write the lower bound first"
    return _tolerance_fault(op, tolerance)


def _tolerance_fault(op: str, tolerance: float | None) -> tuple[str, str, str] | None:
    if op == "near" and tolerance is None:
        return "value", "near has no tolerance", "add tolerance: how far from the value still holds"
    if op != "near" and tolerance is not None:
        return "tolerance", f"tolerance stands beside {op}", "only near has one; remove it"
    if tolerance is not None and tolerance < 0:
        return "tolerance", f"tolerance is {tolerance}, expected 0 or more", "write it without sign"
    return None


def _unquoted(value: Any) -> str:
    if isinstance(value, str) and is_number(value):
        return f"write {value.strip()} without quotes"
    return "write a number; only == compares texts"


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "true or false" if isinstance(value, bool) else f"text {shown(str(value))}"


def _companion(checker: Checker, item: Checked) -> Companion:
    return Companion(
        item.text("name"),
        item.text("harness"),
        item.mapping("parameters"),
        _expectations(checker, item),
        item.path,
    )


# Devices, models and hypotheses


def _device(checker: Checker, item: Checked) -> str:
    device = item.text("device")
    if device and device not in DEVICES:
        checker.note(
            SchemaCode.UNKNOWN_WORD,
            (*item.path, "device"),
            f"{item.label}: device is {shown(device)}, expected {' or '.join(DEVICES)}",
            "leave it out where the question can be asked of the processor",
        )
    return device


def _demand(checker: Checker, item: Checked) -> ModelDemand:
    quorum = item.text("quorum") or "all"
    if quorum not in QUORUMS:
        checker.note(
            SchemaCode.UNKNOWN_WORD,
            (*item.path, "quorum"),
            f"{item.label}: quorum is {shown(quorum)}, expected all or any",
            "say how many of the accepted models must be DISCHARGED",
        )
    accept = tuple(
        ModelReference(
            one.text("name"),
            one.text("architecture"),
            one.text("sha256"),
            one.path,
            dict(derived.values) if (derived := one.record("derived")) else {},
        )
        for one in item.items("accept")
    )
    return ModelDemand(accept, quorum, item.mapping("require"), item.path)


def _decides(checker: Checker, item: Checked) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for hypothesis, answers in item.mapping("decides").items():
        if isinstance(answers, dict) and all(isinstance(one, str) for one in answers.values()):
            found[hypothesis] = answers
            continue
        checker.note(
            SchemaCode.WRONG_TYPE,
            (*item.path, "decides", hypothesis),
            f"{item.label}: decides {hypothesis} without a mapping from verdicts to verdicts",
            "write { HELD: CONFIRMED, REFUTED: FALSIFIED }",
        )
    return found
