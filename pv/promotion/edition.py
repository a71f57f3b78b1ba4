"""The next edition of a contract's text: moved claims, version, date, changelog and counts.

Every byte outside the edits stays as it was, comments included; an edit that cannot be made so is
an error, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pv.errors import BadInputError, UsageError
from pv.marks import whole_file
from pv.model.contract import Contract, Falsifier, Path
from pv.model.verdict import State
from pv.promotion.moves import Claim, Move, Repoint, is_pointer
from pv.registry.counts import exact
from pv.registry.versions import Bump, bump_between, parse_version, raised
from pv.yamlfile.decode import decode
from pv.yamlfile.edit import (
    append_lines,
    insert_into_sequence,
    insert_pair,
    remove_pair,
    replace_scalar,
)
from pv.yamlfile.keys import REFERENCE
from pv.yamlfile.nodes import Plain, ScalarValue
from pv.yamlfile.read import Document, read_text
from pv.yamlfile.shapes import Shape

_SUMMARY: Final = "verification_summary"
_WORDS: Final = frozenset({"pending", "partial", "discharged"})
"""What a summary may say of the whole; other words are their author's."""
_RUN: Final = (
    State.PARTIAL_ALGORITHM_LEVEL,
    State.DISCHARGED,
    State.REFUTED,
    State.INCONCLUSIVE,
)
"""The states that say that something was run."""
_BY: Final = "evidence_discharged_by"


class Edition:
    """The text of one contract on its way to its next version."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.contract = _read(document)
        if not isinstance(self.contract.data.get("metadata"), dict):
            raise UsageError(
                f"{document.file}: this is a {self.contract.dialect} file without `metadata`, "
                "expected a contract with a version to raise"
            )

    @property
    def text(self) -> str:
        """The text as it stands."""
        return self._document.text

    @property
    def document(self) -> Document:
        """The text as a document."""
        return self._document

    def move(self, moves: Sequence[Move]) -> None:
        """Carry out status moves, each with its evidence and the test that gave it."""
        for move in moves:
            self.put(move.claim.path, move.after)
            if move.claim.kind == "falsifier":
                self._point(move.claim)

    def repoint(self, repoints: Sequence[Repoint]) -> None:
        """Let claims that stay name the receipts that bear them now."""
        for each in repoints:
            self._point(each.claim)

    def summarise(self, lines: Sequence[str], today: str) -> None:
        """Correct what the summary says: counts, its word, and notes where it keeps any."""
        summary = self.contract.data.get(_SUMMARY)
        if not isinstance(summary, dict):
            return
        done, begun = self._claiming(State.DISCHARGED), self._claiming(*_RUN)
        counts = {key: number for key, _, number in exact(self.contract)} | {"tested": len(begun)}
        for key, number in counts.items():
            if isinstance(summary.get(key), int) and summary[key] != number:
                self.put((_SUMMARY, key), number)
        word = _summary_word(self.contract, done, begun)
        held = summary.get("status")
        if isinstance(held, str) and held.casefold() in _WORDS and held.casefold() != word:
            self.put((_SUMMARY, "status"), word.upper() if held.isupper() else word)
        if isinstance(summary.get("notes"), str) and lines:
            note = f"{self.contract.version} ({today}): {'; '.join(lines)}"
            self._edit(append_lines(self._document, (_SUMMARY, "notes"), [note]))

    def refer(self, references: Sequence[str]) -> None:
        """Add references, `section=60` as a mapping and anything else as text, each once."""
        for text in references:
            key, _, value = text.partition("=")
            known = value and key in REFERENCE.language
            number = known and value.isdecimal() and Shape.INTEGER in REFERENCE.keys[key].shape
            new: Plain = {key: int(value) if number else value} if known else text
            held = self.contract.data["metadata"].get("references")
            if held is None:
                self._edit(insert_pair(self._document, ("metadata",), "references", [new]))
            elif isinstance(held, list) and new not in held:
                place = ("metadata", "references")
                self._edit(insert_into_sequence(self._document, place, len(held), new))

    def _point(self, claim: Claim) -> None:
        """Name the receipts that decide a falsifier, and its test where the entry names one.

        What someone else wrote under `evidence` stays.
        """
        entry = self._at(claim.path[:-1])
        place = (*claim.path[:-1], "evidence")
        wanted: Plain = list(claim.receipts) if len(claim.receipts) > 1 else "".join(claim.receipts)
        held = entry.get("evidence")
        if held is not None and not is_pointer(held):
            pass
        elif held is not None and held != wanted:
            self._edit(remove_pair(self._document, place))
            held = None
        if held is None and wanted:
            keys = list(self._at(claim.path[:-1]))
            index = keys.index(str(claim.path[-1])) + 1
            self._edit(insert_pair(self._document, place[:-1], "evidence", wanted, index=index))
        if isinstance(entry.get(_BY), str) and claim.binding and entry[_BY] != claim.binding:
            self.put((*claim.path[:-1], _BY), claim.binding)

    def _at(self, path: Path) -> dict[str, Any]:
        holder: Any = self.contract.data
        for step in path:
            holder = holder[step]
        found: dict[str, Any] = holder
        return found

    def _claiming(self, *states: State) -> list[Falsifier]:
        return [each for each in self.contract.falsifiers if each.status in states]

    def bump(self, part: Bump, base: Contract | None) -> str:
        """Raise the version by `part`, unless it rose so far since `base`; return it.

        Raises UsageError where the version is no semantic one.
        """
        version = parse_version(self.contract.version or "")
        if version is None:
            raise UsageError(
                f"{self.contract.file}: version {self.contract.version!r}, expected "
                "MAJOR.MINOR.PATCH to raise",
                advice="pv lint --fix writes X.Y as X.Y.0",
            )
        before = parse_version(base.version or "") if base is not None else None
        if before is None or bump_between(before, version) < part:
            self.put(("metadata", "version"), raised(version, part))
        return self.contract.version or ""

    def note(self, lines: Sequence[str], today: str) -> None:
        """Add lines to the changelog's entry for the version, which is made where there is none."""
        if self.contract.updated not in (None, today):
            self.put(("metadata", "updated"), today)
        version = self.contract.version or ""
        inner = self.contract.data["metadata"]
        place: Path = ("metadata", "changelog") if "changelog" in inner else ("changelog",)
        log = inner.get("changelog", self.contract.data.get("changelog"))
        entry: dict[str, Any] = {"version": version, "date": today, "changes": list(lines)}
        if log is None:
            self._edit(insert_pair(self._document, (), "changelog", [entry]))
        elif isinstance(log, dict):
            self._note_in_mapping(place, log, version, lines)
        elif isinstance(log, list):
            self._note_in_list(place, log, entry)
        else:
            raise UsageError(
                f"{self.contract.span(place)}: a changelog that is one text, expected a"
                " list or a mapping to write into"
            )

    def put(self, path: Path, value: ScalarValue) -> None:
        """Write a single value where another stands, or a new key at the end of its mapping."""
        holder: Any = self.contract.data
        for step in path[:-1]:
            holder = holder[step]
        if isinstance(holder, dict) and path[-1] not in holder:
            self._edit(insert_pair(self._document, path[:-1], str(path[-1]), value))
        else:
            self._edit(replace_scalar(self._document, path, value))

    def _note_in_mapping(
        self, place: Path, log: dict[str, Any], version: str, lines: Sequence[str]
    ) -> None:
        if version not in log:
            texts: list[Plain] = list(lines)
            self._edit(insert_pair(self._document, place, version, texts, index=0))
            return
        self._append((*place, version), log[version], lines)

    def _note_in_list(self, place: Path, log: list[Any], entry: dict[str, Any]) -> None:
        first = log[0] if log else None
        if isinstance(first, dict) and first.get("version") == entry["version"]:
            self._append((*place, 0, "changes"), first.get("changes"), entry["changes"])
            return
        new: Plain = entry
        if isinstance(first, str):
            new = f"v{entry['version']} ({entry['date']}): {'; '.join(entry['changes'])}"
        self._edit(insert_into_sequence(self._document, place, 0, new))

    def _append(self, path: Path, changes: Any, lines: Sequence[str]) -> None:
        if not isinstance(changes, list):
            raise UsageError(
                f"{self.contract.span(path)}: the entry of this version is no list, "
                "expected one to add a line to"
            )
        for offset, line in enumerate(lines):
            new = insert_into_sequence(self._document, path, len(changes) + offset, line)
            self._edit(new)

    def _edit(self, text: str) -> None:
        self._document = read_text(text, self._document.file)
        self.contract = _read(self._document)


def _summary_word(contract: Contract, done: Sequence[Falsifier], begun: Sequence[Falsifier]) -> str:
    """Return how far a summary may say that a contract is."""
    counting = [each for each in contract.falsifiers if each.blocking]
    if counting and all(each in done for each in counting):
        return "discharged"
    return "partial" if begun else "pending"


def _read(document: Document) -> Contract:
    decoded = decode(document) if document.sound else None
    if decoded is None or decoded.contract is None:
        fault = document.problems[0] if document.problems else None
        raise BadInputError(
            fault.message if fault else "this is no contract",
            span=fault.span if fault else whole_file(document.file),
            advice="correct the file first",
        )
    return decoded.contract
