"""The rule ids of the Rust pv, and ours for the same fault, or why there is none.

`pv rule` and suppressions accept them. Where both programs use one id for two things, ours counts:
the table then says which rule of ours the other one's condition belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Alias(NamedTuple):
    """One id of the Rust pv."""

    id: str
    fires: str
    """When it fires there."""
    ours: tuple[str, ...]
    """Our rules for it, the nearest first; empty where there is none."""
    note: str = ""
    """What differs, or why there is none."""


def _ids(prefix: str, numbers: Iterable[int], fires: str, ours: str, note: str) -> Iterator[Alias]:
    """Yield a run of ids that share their meaning."""
    for number in numbers:
        yield Alias(f"{prefix}-{number:03}", fires, tuple(ours.split()), note)


_KIND: Final = "a kind without a rule of its own here; its keys are read and kept"
_PROOF: Final = "Lean proofs are not discharged here; a run of a falsifier is"
_TYPED: Final = "states are derived from receipts, never from counts of declarations"
_ONTOLOGY: Final = "there is no ontology here; dependencies and references are plain names"

ALIASES: Final[tuple[Alias, ...]] = (
    Alias("SCHEMA-001", "no references", ("PV-SCH-017", "PV-SCH-018")),
    Alias("SCHEMA-002", "no version", ("PV-SCH-017", "PV-SCH-018", "PV-CHG-001")),
    Alias("SCHEMA-003", "kernel without equations", ("PV-SCH-017", "PV-SCH-018")),
    Alias("SCHEMA-004", "equation with an empty formula", ("PV-SCH-007",)),
    Alias("SCHEMA-005", "obligation with an empty property", ("PV-SCH-007",)),
    Alias("SCHEMA-006", "two obligations with one formal", ("PV-AUD-004",)),
    Alias("SCHEMA-007", "a test id twice", ("PV-IDS-002",), "over the whole registry"),
    Alias("SCHEMA-008", "empty prediction", ("PV-SCH-015",)),
    Alias("SCHEMA-009", "empty if_fails", ("PV-SCH-015",)),
    Alias("SCHEMA-010", "a proof id twice", ("PV-IDS-004",)),
    Alias("SCHEMA-011", "proof without an obligation", ("PV-AUD-005", "PV-REF-005")),
    Alias("SCHEMA-012", "proof without a bound", ("PV-AUD-005",)),
    Alias(
        "SCHEMA-013",
        "kernel without qa_gate",
        (),
        "a contract's gate is all its blocking falsifiers; a typed one adds nothing",
    ),
    Alias("SCHEMA-014", "requires on no postcondition", ("PV-AUD-006",)),
    Alias("SCHEMA-015", "applies_to_phase on no loop obligation", ("PV-AUD-006",)),
    Alias("SCHEMA-016", "parent_contract on no subcontract", ("PV-AUD-006",)),
    Alias("SCHEMA-017", "subcontract parent not in depends_on", ("PV-DEP-003",)),
    Alias("SCHEMA-018", "top-level kind", ("PV-SCH-016",)),
    Alias("SCHEMA-019", "a key that nearly matches a known one", ("PV-SCH-002",)),
    Alias("SCHEMA-020", "the strict reader refuses", ("PV-YML-003", "PV-YML-001")),
    Alias("SCHEMA-021", "not_applicable without na_reason", ("PV-AUD-007",)),
    Alias("SCHEMA-022", "not_applicable without na_owner", ("PV-AUD-007",)),
    Alias("SCHEMA-023", "na_reason or na_owner without not_applicable", ("PV-AUD-007",)),
    Alias(
        "PROVABILITY-001",
        "kernel without obligations, tests or proofs, or with fewer tests than obligations",
        ("PV-SCH-017", "PV-SCH-018", "PV-AUD-003"),
    ),
    Alias("AUDIT-001", "no falsification tests", ("PV-AUD-001",)),
    Alias("AUDIT-002", "proof without an obligation", ("PV-AUD-005",)),
    Alias("AUDIT-003", "equations without obligations", ("PV-SCH-017", "PV-AUD-001")),
    Alias(
        "BIND-001",
        "equation without a binding",
        (),
        "what runs is named by falsifiers; a table of functions is optional",
    ),
    Alias("BIND-002", "binding is partial", (), "a declared state, shown and never a fault"),
    Alias("BIND-003", "binding is not implemented", (), "a declared state, never a fault"),
    *_ids("BEAT", range(1, 8), "field of a beat-benchmark missing or unknown", "", _KIND),
    Alias("CRUX-001", "demand_score outside 1 to 5", (), "demand is no claim about software"),
    Alias("CRUX-002", "competitor not in a closed list", (), "no list of competitors is kept"),
    Alias("KAIZEN-001", "kaizen contract without id", (), _KIND),
    Alias("KAIZEN-002", "kaizen status outside its set", ("PV-LIF-001",)),
    *_ids("KAIZEN", range(3, 7), "kaizen claim missing or without a baseline", "", _KIND),
    *_ids("PM-SHAPE", range(6), "publish manifest of the wrong shape", "", _KIND),
    *_ids("EXT-CORPORA", range(1, 10), "declaration of external corpora", "", _KIND),
    *_ids("PARITY", range(1, 19), "row of a parity table incomplete or expired", "", _KIND),
    Alias("PV-VAL-001", "schema errors of any kind", ("PV-SCH-004", "PV-SCH-007", "PV-SCH-017")),
    Alias("PV-VAL-002", "declared, never emitted there", ()),
    Alias("PV-VAL-003", "declared, never emitted there", ()),
    Alias("PV-VAL-004", "equation with an empty formula", ("PV-SCH-007",)),
    Alias("PV-VAL-005", "obligation with an empty property", ("PV-SCH-007",)),
    Alias("PV-VAL-006", "two obligations with one formal", ("PV-AUD-004",)),
    *_ids("PV-AUD", (1, 2, 4, 5), "declared, never emitted there", "", "the id is ours"),
    Alias("PV-AUD-003", "any finding of its audit", ("PV-AUD-001", "PV-AUD-005")),
    Alias("PV-SCR-001", "composite score below a threshold", ("PV-SCR-001",), "share that runs"),
    *_ids("PV-SCR", (2, 3, 4), "declared, never emitted there", "", ""),
    Alias(
        "PV-PRV-001",
        "kernel without obligations, tests or proofs",
        ("PV-SCH-017", "PV-SCH-018", "PV-AUD-003"),
    ),
    *_ids("PV-PRV", (2, 3, 4), "declared, never emitted there", "", ""),
    *_ids("PV-TRD", (1, 2), "declared, never emitted there", "", ""),
    Alias("PV-SUP-001", "a suppression that finds nothing", ("PV-SUP-002",), "our 001 is another"),
    Alias("PV-ENF-001", "equation without both conditions", ("PV-ENF-002",), "our 001 is another"),
    Alias("PV-ENF-002", "contract below its declared level", ("PV-STA-001",), _TYPED),
    Alias("PV-LCK-001", "level below locked_level", ("PV-STA-001",), _TYPED),
    Alias("PV-VER-001", "named test function is not in the source", ("PV-VER-002", "PV-VER-001")),
    Alias("PV-VER-002", "test reference does not resolve", ("PV-VER-002",)),
    Alias("PV-VER-003", "row of an older block does not resolve", ("PV-VER-002",)),
    Alias("PV-RCV-001", "public function without a binding", ("PV-RCV-001", "PV-RCV-002")),
    Alias("PV-RCV-002", "reverse coverage below a half", (), "each uncovered harness is named"),
    Alias("PV-DUP-001", "one stem for files that differ", ("PV-IDS-003",)),
    Alias("PV-DUP-002", "baseline entry that no longer differs", (), "baselines only shrink"),
    Alias("PV-RAT-001", "theorem modules without a pair, above a baseline", (), _PROOF),
    Alias("PV-RAT-002", "kernels without depends_on, above a baseline", (), "many need none"),
    *_ids("PV-ONT", (*range(1, 8), 22, 23), "entity, relation or consistency", "", _ONTOLOGY),
    Alias("PV-ONT-008", "dangling id in a relation", ("PV-DEP-001",)),
    Alias("PV-ONT-009", "cycle in a relation", ("PV-DEP-002",)),
    Alias("PV-ONT-010", "dangling depends_on", ("PV-DEP-001",)),
    *_ids("PV-ONT", range(13, 17), "condition under which a contract is valid", "", _ONTOLOGY),
    *_ids("PV-ONT", range(17, 22), "evidence block as typed", "PV-EVD-003", "receipts, not typed"),
    *_ids("PV-ONT", range(24, 28), "refinement of a contract", "PV-DEP-003", "by name only"),
    *_ids("PV-ONT", (28, 29, 30, 31), "binding of a function", "PV-BND-001 PV-BND-003", ""),
    *_ids("PV-ONT", (32, 33, 34), "refinement of a Lean model", "", _PROOF),
    Alias("COMPOSITION-001", "assumed contract or equation unresolved", ("PV-DEP-001",)),
)
"""Every rule id of the Rust pv, family by family."""

_BY_ID: Final = {alias.id.casefold(): alias for alias in ALIASES}


def find_alias(name: str) -> Alias | None:
    """Return the alias of an id of the Rust pv, in any case; None where there is none."""
    return _BY_ID.get(name.strip().casefold())


def markdown_table(known: Iterable[str]) -> str:
    """Return the table as a Markdown document; `known` are the ids of our rules."""
    ours = frozenset(known)
    lines = [
        "# Rules of the Rust pv and ours",
        "",
        "Generated from `pv/lint/aliases.py`; do not edit. `pv rule ID` and suppressions accept",
        "the ids on the left; an id that is ours too (marked \\*) means ours.",
        "",
        "| there | fires when | here | remark |",
        "| --- | --- | --- | --- |",
    ]
    for alias in ALIASES:
        links = ", ".join(f"[{each}](rules.md#{each.lower()})" for each in alias.ours)
        mark = "\\*" if alias.id in ours else ""
        lines.append(f"| {alias.id}{mark} | {alias.fires} | {links or 'none'} | {alias.note} |")
    return "\n".join(lines) + "\n"
