"""Documents that no reader claims: reported, never taken for a contract in silence."""

from __future__ import annotations

from pv.model.contract import Dialect, Falsifier
from pv.yamlfile.check import Checker
from pv.yamlfile.checked import Checked
from pv.yamlfile.dialects.reader import Data, Reader
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.shapes import Section
from pv.yamlfile.wording import clip, shown

_SHOWN = 6


def _claims(_: Data) -> bool:
    return True


def _report(checker: Checker, _: Checked) -> tuple[Falsifier, ...]:
    """Note once that this is no contract, and every key that looks like a misspelt one."""
    names = list(checker.data)
    listed = ", ".join(map(clip, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
    found = f"found the keys {listed}" if names else "the mapping is empty"
    checker.note(
        SchemaCode.NOT_A_CONTRACT,
        (names[0],) if names else (),
        f"contract: {found}, expected metadata",
        "start with metadata: and say what is claimed, or keep the file outside contracts/",
        key=True,
    )
    for name in names:
        meant = None if checker.full else CONTRACT.nearest(name)
        if meant is not None and name not in CONTRACT.keys:
            what = f"contract: unknown key {shown(name)}"
            checker.note(SchemaCode.MISSPELT_KEY, (name,), what, f"did you mean {meant}?", key=True)
    return ()


READER = Reader(
    Dialect.OTHER, _claims, Section("other", "contract", {}, unchecked=True), falsifiers=_report
)
