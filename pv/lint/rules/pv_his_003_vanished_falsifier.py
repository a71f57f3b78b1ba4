"""A falsifier that vanished.

What it finds
    A falsifier of the base revision that is nowhere in the registry any more, without an entry
    under `tombstones`; a tombstone that vanished itself; a falsifier with the id of a tombstone.
Why it matters
    The easiest way to get rid of a red test is to delete it. A tombstone keeps its id and the
    reason, so that nobody takes its old receipts, or a new test of the same name, for it.
Example
    falsification_tests: [ … ]   # without F-016, which the base revision has
Instead
    tombstones:
      - { id: F-016, reason: "asked of the whole pass by F-017", since: 2.0.0 }
Fix
    None: only the author knows the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.marks import whole_file
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.index import Owned, Registry, tombstones_of


def check(registry: Registry, context: Context) -> Iterator[Finding]:
    """Yield a finding for every falsifier and tombstone that vanished, or came back."""
    past = context.past
    stones, standing = registry.tombstones, registry.falsifiers
    for name in sorted(filter(standing.__contains__, stones)):
        yield from map(_risen, standing[name])
    contracts = {contract.file: contract for contract in registry.contracts}
    for file, older in past.changed.items():
        for name in (*(each.id for each in older.falsifiers), *tombstones_of(older)):
            if name not in stones and name not in standing:
                message = f"falsifier {name} of {past.base.name} vanished without a tombstone"
                advice = f"bring it back, or write tombstones: [ {{ id: {name}, reason: … }} ]"
                path = ("falsification_tests",)
                yield RULE.finding(contracts[file], path, message, advice=advice, key=True)
    for file, older in past.gone.items():
        ids = [each.id for each in older.falsifiers]
        names = [name for name in ids if name not in stones and name not in standing]
        if names:
            yield _whole_file(file, older, names, past.base.name)


def _risen(owned: Owned) -> Finding:
    name, path = owned.falsifier.id, owned.falsifier.path
    message = f"falsifier {name} stands there beside its tombstone, expected one of both"
    advice = "give the new falsifier an id of its own"
    return RULE.finding(owned.contract, (*path, "id"), message, advice=advice)


def _whole_file(file: str, older: Contract, names: list[str], base: str) -> Finding:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    message = (
        f"the file of {base} is gone, and with it falsifier {names[0]}{more} without a tombstone"
    )
    advice = "bring it back, or write tombstones in a contract that takes its place"
    return Finding(
        RULE.id, RULE.severity, message, whole_file(file), advice=advice, contract=older.id
    )


RULE = Rule(
    id="PV-HIS-003",
    name="vanished-falsifier",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    check_registry=check,
)
