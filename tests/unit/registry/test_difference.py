"""What changed between two versions of a contract, and the bump that it asks for."""

from __future__ import annotations

import pytest
import yaml

from pv.model.contract import Contract
from pv.registry.difference import compare
from pv.registry.versions import Bump, bump_between, parse_version, raised
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text

BEFORE = {
    "metadata": {
        "id": "C-MILL",
        "version": "1.2.3",
        "created": "2026-01-01",
        "kind": "ship",
        "status": "ACTIVE",
        "description": "Grain into flour.",
        "references": ["a book"],
    },
    "changelog": [{"version": "1.2.3", "date": "2026-01-01", "changes": ["the stone"]}],
    "equations": {"yield": {"formula": "flour = grain", "description": "mass", "domain": "R"}},
    "proof_obligations": [
        {"id": "O-1", "type": "bound", "property": "p", "tolerance": {"value": 1, "reason": "r"}}
    ],
    "hypotheses": [{"id": "H1", "claim": "wet", "verdict": "UNTESTED", "note": "n"}],
    "falsification_tests": [
        {
            "id": "F-1",
            "rule": "r",
            "prediction": "p",
            "if_fails": "i",
            "harness": "falsifiers/a/b.py::c",
            "parameters": {"grain": 1.0},
            "expect": [
                {"metric": "yield", "op": "<=", "value": 1.0, "reason": "mass"},
                {"metric": "yield", "op": "<=", "value": 3.0, "reason": "twice"},
            ],
            "controls": ["wet"],
            "status": "BOUND",
        },
        {
            "id": "F-2",
            "rule": "r",
            "prediction": "p",
            "if_fails": "i",
            "planned": {"reason": "later"},
            "models": {
                "accept": [{"name": "m", "architecture": "llama", "sha256": "a" * 64}],
            },
        },
    ],
    "stages": [{"id": "M-1", "status": "NEW", "gates": ["F-1"]}],
    "models": [{"id": "S", "name": "s", "criteria": [{"id": "A", "criterion": "c", "weight": 1}]}],
    "qa_gate": {"id": "G", "checks": ["one"]},
    "verification_summary": {"total_obligations": 1},
}


def contract(data: object) -> Contract:
    found = decode(read_text(yaml.safe_dump(data, sort_keys=False), "contracts/mill-v1.yaml"))
    assert found.contract is not None
    return found.contract


def edited(*path: str | int, value: object = None) -> Contract:
    """Return the contract with one value replaced, or taken out where it is None."""
    data = yaml.safe_load(yaml.safe_dump(BEFORE))
    *parents, last = path
    inner = data
    for step in parents:
        inner = inner[step]
    if value is not None:
        inner[last] = value
    else:
        del inner[last]
    return contract(data)


FALSIFIER = ("falsification_tests", 0)
EDITS = [
    (("metadata", "description"), "b", Bump.PATCH, "contract changed: prose: description"),
    (("metadata", "status"), "DRAFT", Bump.MINOR, "contract moved: ACTIVE → DRAFT"),
    (("metadata", "id"), "C-X", Bump.MAJOR, "contract changed: id: C-MILL → C-X"),
    (
        ("metadata", "created"),
        "2026-01-02",
        Bump.PATCH,
        "contract changed: created: 2026-01-01 → 2026-01-02",
    ),
    (("changelog", 0, "changes"), ["x"], Bump.PATCH, "changelog 1.2.3 changed"),
    (
        ("equations", "yield", "formula"),
        "y",
        Bump.MAJOR,
        "equation yield changed: flour = grain → y",
    ),
    (
        ("equations", "yield", "domain"),
        "N",
        Bump.MAJOR,
        "equation yield changed: domain: R → N",
    ),
    (
        ("equations", "yield", "description"),
        "y",
        Bump.PATCH,
        "equation yield changed: prose: description",
    ),
    (("equations", "yield"), None, Bump.MAJOR, "equation yield removed"),
    (
        ("equations", "loss"),
        {"formula": "l"},
        Bump.MINOR,
        "equation loss added",
    ),
    (
        ("proof_obligations", 0, "tolerance", "value"),
        2,
        Bump.MAJOR,
        "obligation O-1 changed: tolerance: 1 → 2",
    ),
    (
        ("proof_obligations", 0, "tolerance", "reason"),
        "s",
        Bump.PATCH,
        "obligation O-1 changed: prose: reason",
    ),
    (("hypotheses", 0), None, Bump.MAJOR, "hypothesis H1 removed"),
    (
        ("hypotheses", 0, "verdict"),
        "CONFIRMED",
        Bump.MINOR,
        "hypothesis H1 moved: UNTESTED → CONFIRMED",
    ),
    (("hypotheses", 0, "note"), "o", Bump.PATCH, "contract changed: prose: order or other keys"),
    (FALSIFIER, None, Bump.MAJOR, "falsifier F-1 removed"),
    ((*FALSIFIER, "rule"), "s", Bump.PATCH, "falsifier F-1 changed: prose: rule"),
    ((*FALSIFIER, "status"), "STALE", Bump.MINOR, "falsifier F-1 moved: BOUND → STALE"),
    (
        (*FALSIFIER, "parameters", "grain"),
        2.0,
        Bump.MINOR,
        "falsifier F-1 changed: parameters: {'grain': 1.0} → {'grain': 2.0}",
    ),
    ((*FALSIFIER, "controls"), ["dry"], Bump.MINOR, "falsifier F-1 changed: controls: wet → dry"),
    (
        (*FALSIFIER, "harness"),
        "x.py::d",
        Bump.MINOR,
        "falsifier F-1 changed: binding: harness falsifiers/a/b.py::c → harness x.py::d",
    ),
    (
        (*FALSIFIER, "expect", 0, "value"),
        2.0,
        Bump.MAJOR,
        "limit F-1 yield changed: <= 1.0 → <= 2.0",
    ),
    (
        (*FALSIFIER, "expect", 1, "value"),
        2.0,
        Bump.MAJOR,
        "limit F-1 yield (2) changed: <= 3.0 → <= 2.0",
    ),
    (
        (*FALSIFIER, "expect", 0, "reason"),
        "m",
        Bump.PATCH,
        "limit F-1 yield changed: prose: reason",
    ),
    ((*FALSIFIER, "expect", 1), None, Bump.MAJOR, "limit F-1 yield (2) removed: <= 3.0"),
    (
        ("falsification_tests", 1, "expect"),
        [{"metric": "x", "op": "<", "value": 1, "reason": "r"}],
        Bump.MINOR,
        "limit F-2 x added: < 1",
    ),
    (
        ("falsification_tests", 1, "planned", "reason"),
        "much later",
        Bump.PATCH,
        "falsifier F-2 changed: prose: planned",
    ),
    (
        ("falsification_tests", 1, "models", "accept", 0, "sha256"),
        "a" * 63 + "b",
        Bump.MINOR,
        "falsifier F-2 changed: models: ",
    ),
    (("stages", 0, "gates"), ["F-2"], Bump.MINOR, "stage M-1 changed: gates: F-1 → F-2"),
    (("stages", 0), None, Bump.MAJOR, "stage M-1 removed"),
    (
        ("models", 0, "criteria", 0, "weight"),
        2,
        Bump.MAJOR,
        "criterion A changed: weight: 1 → 2",
    ),
    (("models", 0, "criteria", 0), None, Bump.MAJOR, "criterion A removed"),
    (("qa_gate", "checks"), ["two"], Bump.MINOR, "block qa_gate changed"),
    (("verification_summary", "tested"), 1, Bump.PATCH, "block verification_summary changed"),
    (("x-own",), 1, Bump.PATCH, "block x-own added"),
]


@pytest.mark.parametrize(("path", "value", "bump", "told"), EDITS)
def test_one_edit_is_one_change_with_its_bump(
    path: tuple[str | int, ...], value: object, bump: Bump, told: str
) -> None:
    difference = compare(contract(BEFORE), edited(*path, value=value))
    (change,) = difference.changes
    assert str(change).startswith(told)
    assert change.bump is difference.asked is bump
    assert difference.declared is Bump.NONE
    assert difference.enough is False
    assert difference.because(bump) == (change,)


def test_the_reverse_of_an_addition_is_a_removal() -> None:
    before, after = contract(BEFORE), edited("falsification_tests", 0)
    assert [str(one) for one in compare(after, before).changes] == ["falsifier F-1 added"]


def test_nothing_changed_asks_for_nothing() -> None:
    data = yaml.safe_load(yaml.safe_dump(BEFORE))
    data["metadata"] |= {"version": "1.2.4", "updated": "2026-02-02"}
    data["changelog"].insert(0, {"version": "1.2.4", "changes": ["words"]})
    difference = compare(contract(BEFORE), contract(data))
    assert difference.changes == ()
    assert (difference.asked, difference.declared) == (Bump.NONE, Bump.PATCH)
    assert difference.enough is True


def test_not_a_number_equals_itself() -> None:
    before = edited("x-own", value=float("nan"))
    assert compare(before, edited("x-own", value=float("nan"))).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "bump"),
    [
        ("1.2.3", "1.2.3", Bump.NONE),
        ("1.2.3", "1.2.3+b", Bump.NONE),
        ("1.2.3", "1.2.4", Bump.PATCH),
        ("1.2.3", "1.3.0", Bump.MINOR),
        ("1.2.3", "2.0.0", Bump.MAJOR),
        ("1.2.3", "1.2.2", Bump.LOWERED),
        ("2.0.0", "1.9.9", Bump.LOWERED),
        ("2.0.0-rc.1", "2.0.0", Bump.MAJOR),
        ("2.1.0-rc.1", "2.1.0-rc.2", Bump.MINOR),
        ("2.1.1-rc.1", "2.1.1", Bump.PATCH),
    ],
)
def test_bumps(before: str, after: str, bump: Bump) -> None:
    one, other = parse_version(before), parse_version(after)
    assert one is not None
    assert other is not None
    assert bump_between(one, other) is bump


@pytest.mark.parametrize("bump", [Bump.PATCH, Bump.MINOR, Bump.MAJOR])
@pytest.mark.parametrize("text", ["0.0.0", "1.2.3", "1.2.3-rc.1"])
def test_a_raised_version_is_a_bump_of_that_size(text: str, bump: Bump) -> None:
    version = parse_version(text)
    assert version is not None
    after = parse_version(raised(version, bump))
    assert after is not None
    assert bump_between(version, after) is bump


def test_a_version_that_is_none_leaves_the_bump_unknown() -> None:
    difference = compare(contract(BEFORE), edited("metadata", "version", value="next"))
    assert difference.declared is None
    assert difference.enough is None
