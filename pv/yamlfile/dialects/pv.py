"""The target form: `metadata` and contract lists. Ours, and that of most files in use."""

from __future__ import annotations

import re

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Data, Reader
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.shapes import Section


def _claims(root: Data) -> bool:
    # A list of falsifiers makes a contract even where the metadata was left out or misspelt.
    return bool(root.keys() & {"metadata", "falsification_tests"})


def _not_shipping(base: Section) -> Section:
    """Return the section in which `models` is known, reported by kind, and no one's near miss."""
    keys = {name: key for name, key in base.keys.items() if key.since is not Dialect.SHIP}
    shipping = tuple(re.compile(name) for name in base.keys if name not in keys)
    return Section(base.name, base.noun, keys, (*base.patterns, *shipping), base.labels)


READER = Reader(Dialect.PV, _claims, _not_shipping(CONTRACT), has_kind=True)
