"""A citation of a falsifier or proof that is defined nowhere.

What it finds
    An id that begins with FALSIFY- or KANI- and ends in a number, anywhere in the text of a
    contract, that is the `id` of nothing in the registry. Each id is reported once a file, where it
    first stands; the changelog and the lessons tell the past and are left out. Also a stage that is
    named like two of the contract's own and is none of them.
Why it matters
    Whoever reads "see FALSIFY-FFN-GGUF-011" looks for an entry with its limits and its receipts. A
    falsifier that exists in prose alone has neither.
Example
    description: A2 is settled by FALSIFY-FFN-GGUF-011.   # and there is no such entry
Instead
    falsification_tests: [ { id: FALSIFY-FFN-GGUF-011, … } ]
Fix
    None: add the entry, or correct the id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import texts_of, walked

# Words that go on to the left are told by what lies behind, so that the search is for letters.
_CITED = re.compile(r"(?:FALSIFY(?<!\wFALSIFY)|KANI(?<!\wKANI))(?:-[A-Z0-9]+)+-\d+[a-z]?\b")
_NUMBERED = re.compile(r"[\w.]+-[\w.-]*?-(?=\d+[a-z]?(?:-[A-Z]+)?$)")
"""What stands before the number of a stage, of two words or more: `M-FFN-GGUF-` of M-FFN-GGUF-7."""
_BEGINNINGS = ("FALSIFY-", "KANI-")
_PAST = frozenset({"changelog", "lessons"})


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for the first citation of every undefined id."""
    if len(contract.stages) > 1:
        yield from _stages(contract, context)
    if _cites_its_own(contract.text, walked(contract.data).ids):
        return
    known = context.registry.falsifiers
    seen: set[str] = set()
    for path, text in texts_of(contract.data):
        if not _PAST.isdisjoint(path):
            continue
        for found in _CITED.finditer(text):
            name = found[0]
            if name in known or name in seen or name in context.registry.written_ids:
                continue
            seen.add(name)
            advice = did_you_mean(name, known, "add the entry, or correct the id")
            message = f"{name} is cited, expected a falsifier of the registry"
            finding = RULE.finding(contract, path, message, advice=advice)
            yield replace(finding, span=place(contract, path, text, *found.span()))


def _stages(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for a stage that is named like two of the contract's and is none of them."""
    named = (_NUMBERED.match(stage.id) for stage in contract.stages)
    rows = Counter(found[0] for found in named if found)
    like = "|".join(re.escape(row) for row, count in sorted(rows.items()) if count > 1)
    if not like:
        return
    cited = re.compile(rf"(?<![\w-])(?:{like})\d+[a-z]?(?:-[A-Z]+)?(?![\w-]|\.\d)")
    advice = "add the stage, or correct the id"
    seen = {stage.id for stage in contract.stages}
    for path, text in texts_of(contract.data):
        for found in cited.finditer(text) if _PAST.isdisjoint(path) else ():
            name = found[0]
            if name not in seen and name not in context.registry.written_ids:
                seen.add(name)
                message = f"{name} is cited, expected a stage of this contract"
                finding = RULE.finding(contract, path, message, advice=advice)
                yield replace(finding, span=place(contract, path, text, *found.span()))


def _cites_its_own(text: str, ids: list[str]) -> bool:
    """Tell whether a contract plainly cites no id but its own; most do not even that."""
    if "\\" in text or "&" in text:
        return False  # escapes hide names, anchors repeat them
    own = [name for name in ids if name.startswith(_BEGINNINGS)]
    if sum(map(text.count, _BEGINNINGS)) == sum(_CITED.fullmatch(name) is not None for name in own):
        return True
    return set(ids).issuperset(_CITED.findall(text))


RULE = Rule(
    id="PV-REF-007",
    name="undefined-citation",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.REFERENCES,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
