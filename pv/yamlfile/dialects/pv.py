"""The target form: `metadata` and contract lists. Ours, and that of most files in use."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Reader
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.nodes import Mapping

_FALSIFIERS_ELSEWHERE = frozenset({"falsification", "falsification_conditions", "gates"})


def _claims(root: Mapping) -> bool:
    keys = set(root.keys())
    if "metadata" in keys:
        return "falsification_tests" in keys or not keys & _FALSIFIERS_ELSEWHERE
    # A list of falsifiers makes a contract even where the metadata was left out or misspelt.
    return "falsification_tests" in keys and "surface" not in keys


READER = Reader(Dialect.PV, _claims, CONTRACT, has_kind=True)
