"""Key tables, models, JSON Schema and decoder are of one mind about the contract language."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pv.model.contract import Dialect
from pv.resources import packaged
from pv.schema.__main__ import main
from pv.schema.generate import FILE, parts, schema, schema_text
from pv.schema.parts import Part
from pv.yamlfile.judge import judge_text
from pv.yamlfile.keys import SECTIONS
from pv.yamlfile.shapes import LANGUAGE

_FULLY_TOLD = {
    "falsifier": {"rule", "prediction", "if_fails"},
    "metadata": {"version", "description", "references"},
}
"""Keys whose absence is a finding of another rule than a missing key."""


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.table)
def test_models_and_tables_have_the_same_keys(part: type[Part]) -> None:
    table = SECTIONS[part.table]
    assert set(part.model_fields) == set(table.language)
    required = {name for name, field in part.model_fields.items() if field.is_required()}
    known = {key.name for key in table.language.values() if key.required}
    assert required == known | _FULLY_TOLD.get(part.table, set())


def test_every_section_of_the_language_has_a_model() -> None:
    language = {
        name
        for name, table in SECTIONS.items()
        if any(key.since in LANGUAGE for key in table.keys.values())
    }
    assert {part.table for part in parts()} == language
    assert "binding row" not in language
    assert SECTIONS["binding row"].keys["status"].since is Dialect.BINDING


def test_every_key_is_described_for_editors() -> None:
    for name, definition in schema()["$defs"].items():
        for key, value in definition["properties"].items():
            assert value["description"], f"{name}.{key}"


def test_the_schema_is_a_schema_and_its_file_is_fresh() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert (packaged("schemas") / FILE).read_text(encoding="utf-8") == schema_text()
    assert schema_text() == schema_text()


def test_check_says_stale_and_write_repairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"], tmp_path) == 1
    assert main(["--write"], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    file = tmp_path / FILE
    file.write_text(file.read_text(encoding="utf-8").replace("SemVer", "version"), encoding="utf-8")
    assert main(["--check"], tmp_path) == 1
    assert "stale" in capsys.readouterr().err


GOOD: dict[str, Any] = {
    "metadata": {
        "id": "C-1",
        "version": "1.0.0",
        "created": "2026-05-06",
        "kind": "pattern",
        "description": "d",
        "references": ["r", {"paper": "p"}],
    },
    "changelog": [{"version": "1.0.0", "date": "2026-05-06", "changes": ["c"]}],
    "equations": {"e": {"formula": "f", "tolerance": {"value": 1, "reason": "r"}}},
    "proof_obligations": [{"property": "p", "type": "bound", "tolerance": 0.5}],
    "hypotheses": [{"id": "A", "claim": "c"}],
    "falsification_tests": [
        {
            "id": "F-1",
            "rule": "r",
            "prediction": "p",
            "if_fails": "x",
            "harness": "a.py::b",
            "parameters": {"any": ["thing"]},
            "expect": [
                {"metric": "m", "op": "<=", "value": 1, "reason": "r"},
                {"metric": "n", "op": "within", "value": [0, 1.5]},
                {"metric": "o", "op": "near", "value": [1, 2], "tolerance": 0},
                {"metric": "p", "op": "==", "value": "text"},
                {"metric": "q", "op": "==", "value": True},
            ],
            "models": {
                "accept": [{"name": "n", "architecture": "a", "sha256": "unrecorded"}],
                "quorum": "any",
            },
            "device": "cuda",
            "decides": {"A": {"HELD": "CONFIRMED"}},
            "beside": [{"name": "n", "harness": "h", "expect": []}],
        },
        {
            "id": "F-2",
            "rule": "r",
            "prediction": "p",
            "if_fails": "x",
            "blocked": {"reason": "no device", "until": "2026-12-31"},
        },
        {
            "id": "F-3",
            "rule": "r",
            "prediction": "p",
            "if_fails": "x",
            "external": {"repository": "example.org/mill", "reference": "mill::turns"},
        },
    ],
    "stages": [{"id": "M", "gates": ["F-1"]}],
    "lessons": [{"id": "L", "text": "t"}],
    "x-own": {"any": "thing"},
}
SHIP: dict[str, Any] = {
    "metadata": {"version": "1.0.0", "kind": "ship", "description": "d", "references": ["r"]},
    "models": [
        {
            "id": "MODEL-1",
            "base": 91,
            "credits": {"DISCHARGED": "0.5"},
            "criteria": [{"id": "AC-1", "criterion": "c", "weight": 0.8}],
        }
    ],
}

Edit = Callable[[dict[str, Any]], object]


def _third(data: dict[str, Any]) -> Any:
    return data["falsification_tests"][2]


def _external(data: dict[str, Any]) -> Any:
    return _third(data)["external"]


def _first(data: dict[str, Any]) -> dict[str, Any]:
    falsifier: dict[str, Any] = data["falsification_tests"][0]
    return falsifier


def _limit(data: dict[str, Any]) -> dict[str, Any]:
    limit: dict[str, Any] = _first(data)["expect"][0]
    return limit


EDITS: tuple[tuple[str, dict[str, Any], Edit, bool], ...] = (
    ("as it is", GOOD, lambda d: None, True),
    ("ship as it is", SHIP, lambda d: None, True),
    ("without changelog", GOOD, lambda d: d.pop("changelog"), True),
    ("extension inside", GOOD, lambda d: _first(d).update({"x-a": 1}), True),
    ("test as text", GOOD, lambda d: (_first(d).pop("harness"), _first(d).update(test="t")), True),
    (
        "command line",
        GOOD,
        lambda d: (_first(d).pop("harness"), _first(d).update(command="t")),
        True,
    ),
    (
        "registry",
        GOOD,
        lambda d: (d["metadata"].pop("kind"), d["metadata"].update(registry=True)),
        True,
    ),
    ("misspelt key", GOOD, lambda d: _first(d).update(contrls=["a"]), False),
    ("unknown key", GOOD, lambda d: d.update(banana=1), False),
    ("unknown metadata", GOOD, lambda d: d["metadata"].update(colour="red"), False),
    ("no metadata", GOOD, lambda d: d.pop("metadata"), False),
    ("no version", GOOD, lambda d: d["metadata"].pop("version"), False),
    ("no references", GOOD, lambda d: d["metadata"].update(references=[]), False),
    ("version is a number", GOOD, lambda d: d["metadata"].update(version=1.0), False),
    ("version is empty", GOOD, lambda d: d["metadata"].update(version=""), False),
    ("author is null", GOOD, lambda d: d["metadata"].update(author=None), False),
    ("unknown kind", GOOD, lambda d: d["metadata"].update(kind="patern"), False),
    ("a kernel without parts", GOOD, lambda d: d["metadata"].update(kind="kernel"), False),
    ("no kind, thus a kernel", GOOD, lambda d: d["metadata"].pop("kind"), False),
    ("models without ship", GOOD, lambda d: d.update(models=SHIP["models"]), False),
    ("ship without models", SHIP, lambda d: d.pop("models"), False),
    ("date with a bad month", GOOD, lambda d: d["metadata"].update(created="2026-13-01"), False),
    ("date with time", GOOD, lambda d: d["metadata"].update(created="2026-05-06T10:00:00Z"), False),
    ("empty reference", GOOD, lambda d: d["metadata"].update(references=[{}]), False),
    ("change without version", GOOD, lambda d: d["changelog"][0].pop("version"), False),
    ("change as mapping", GOOD, lambda d: d["changelog"][0].update(changes=[{"a": "b"}]), False),
    ("equation as text", GOOD, lambda d: d["equations"].update(e="a = b"), False),
    (
        "obligation without property",
        GOOD,
        lambda d: d["proof_obligations"][0].pop("property"),
        False,
    ),
    ("unknown obligation", GOOD, lambda d: d["proof_obligations"][0].update(type="test"), False),
    (
        "tolerance as text",
        GOOD,
        lambda d: d["proof_obligations"][0].update(tolerance="1e-5"),
        False,
    ),
    ("falsifier without id", GOOD, lambda d: _first(d).pop("id"), False),
    ("falsifier without rule", GOOD, lambda d: _first(d).pop("rule"), False),
    ("falsifier without prediction", GOOD, lambda d: _first(d).pop("prediction"), False),
    ("falsifier without if_fails", GOOD, lambda d: _first(d).pop("if_fails"), False),
    ("falsifier with nothing to run", GOOD, lambda d: _first(d).pop("harness"), False),
    ("two bindings", GOOD, lambda d: _first(d).update(pytest="t.py::t"), False),
    ("planned as text", GOOD, lambda d: _first(d).update(planned="later"), False),
    ("limit without metric", GOOD, lambda d: _limit(d).pop("metric"), False),
    ("unknown operator", GOOD, lambda d: _limit(d).update(op="=<"), False),
    ("text against a limit", GOOD, lambda d: _limit(d).update(value="1e-5"), False),
    ("within one number", GOOD, lambda d: _limit(d).update(op="within"), False),
    ("near without tolerance", GOOD, lambda d: _limit(d).update(op="near"), False),
    ("tolerance beside <=", GOOD, lambda d: _limit(d).update(tolerance=0.1), False),
    ("negative tolerance", GOOD, lambda d: _limit(d).update(op="near", tolerance=-1), False),
    ("no limits in a limit", GOOD, lambda d: _limit(d).update(value=[]), False),
    ("control as number", GOOD, lambda d: _first(d).update(controls=[3]), False),
    ("external without a repository", GOOD, lambda d: _external(d).pop("repository"), False),
    ("external without a reference", GOOD, lambda d: _external(d).update(reference=""), False),
    ("external and planned", GOOD, lambda d: _third(d).update(planned={"reason": "r"}), False),
    ("unknown quorum", GOOD, lambda d: _first(d)["models"].update(quorum="most"), False),
    ("the processor as a device", GOOD, lambda d: _first(d).update(device="cpu"), False),
    ("short digest", GOOD, lambda d: _first(d)["models"]["accept"][0].update(sha256="ab"), False),
    ("decides by one word", GOOD, lambda d: _first(d).update(decides={"A": "HELD"}), False),
    ("blocking as text", GOOD, lambda d: _first(d).update(blocking="yes"), False),
    ("stage without id", GOOD, lambda d: d["stages"][0].pop("id"), False),
    ("lesson without text", GOOD, lambda d: d["lessons"][0].pop("text"), False),
    ("list as mapping", GOOD, lambda d: d.update(stages={}), False),
    ("negative weight", SHIP, lambda d: d["models"][0]["criteria"][0].update(weight=-1), False),
    ("weight in words", SHIP, lambda d: d["models"][0]["criteria"][0].update(weight="half"), False),
    ("credit in words", SHIP, lambda d: d["models"][0]["credits"].update(BOUND="half"), False),
    (
        "half an asserted percentage",
        SHIP,
        lambda d: d["models"][0].update(asserted_percent={"value": 3}),
        False,
    ),
)

_VALIDATOR = jsonschema.Draft202012Validator(schema())


@pytest.mark.parametrize(
    ("base", "edit", "sound"), [one[1:] for one in EDITS], ids=[one[0] for one in EDITS]
)
def test_schema_and_decoder_judge_alike(base: dict[str, Any], edit: Edit, sound: bool) -> None:
    data = copy.deepcopy(base)
    edit(data)
    assert _VALIDATOR.is_valid(data) is sound
    findings = judge_text(json.dumps(data), "c.yaml").findings
    assert (findings == ()) is sound, findings
