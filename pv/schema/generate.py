"""From the models to one JSON Schema document, the same bytes every time."""

from __future__ import annotations

import json
from typing import Any, Final

from pv.schema.models import Contract
from pv.schema.parts import Part
from pv.yamlfile.keys import SECTIONS

FILE: Final = "contract-v1.schema.json"
"""Name of the schema in the folder `schemas`; frozen once it is released."""


def parts() -> list[type[Part]]:
    """Return all models of the language."""
    return Part.__subclasses__()


def schema() -> dict[str, Any]:
    """Return the schema of a contract file (JSON Schema 2020-12)."""
    made = Contract.model_json_schema()
    definitions = {name: _bare(one) for name, one in made.pop("$defs").items()}
    top = _bare(made)
    by_name = {one.__name__: one for one in parts()}
    for name, one in [*definitions.items(), (Contract.__name__, top)]:
        _complete(one, by_name[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pv contract",
        **top,
        "$defs": definitions,
    }


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _bare(node: Any) -> Any:
    """Return a schema without the titles and defaults that pydantic adds."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not _added(key, value)}
    return {
        key: {name: _bare(one) for name, one in value.items()}
        if key == "properties"
        else _bare(value)
        for key, value in kept.items()
    }


def _added(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _complete(definition: dict[str, Any], part: type[Part]) -> None:
    """Add what the key table says of each key, the extensions, and the rules between keys."""
    table = SECTIONS[part.table]
    for name, value in definition["properties"].items():
        value["description"] = table.keys[name].help
    definition["patternProperties"] = {"^x-": {}}
    definition.update(part.rules)
