"""The target form: `metadata` and contract lists. Ours, and that of most files in use."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Reader
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.nodes import Mapping
from pv.yamlfile.shapes import Key, Section

_FALSIFIERS_ELSEWHERE = frozenset({"falsification", "falsification_conditions", "gates"})


def _claims(root: Mapping) -> bool:
    keys = set(root.keys())
    if "metadata" in keys:
        return "falsification_tests" in keys or not keys & _FALSIFIERS_ELSEWHERE
    # A list of falsifiers makes a contract even where the metadata was left out or misspelt.
    return "falsification_tests" in keys and "surface" not in keys


def _without_ship(base: Section) -> Section:
    keys: dict[str, Key] = {k: v for k, v in base.keys.items() if v.since is not Dialect.SHIP}
    return Section(base.name, base.noun, keys, base.patterns, base.labels)


READER = Reader(Dialect.PV, _claims, _without_ship(CONTRACT), has_kind=True)
