"""Nodes into a contract: every problem is collected with its place, and what is sound is kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from pv.marks import Span
from pv.model.contract import (
    ChangelogEntry,
    Contract,
    Criterion,
    Equation,
    Hypothesis,
    Lesson,
    Obligation,
    Path,
    ShipModel,
    Stage,
)
from pv.model.verdict import Severity
from pv.yamlfile.changelog import read_amendments, read_changelog
from pv.yamlfile.check import Checker
from pv.yamlfile.checked import Checked
from pv.yamlfile.codes import RULES
from pv.yamlfile.dialects import READERS
from pv.yamlfile.dialects.reader import Reader
from pv.yamlfile.keys import OBLIGATION_TYPES
from pv.yamlfile.kinds import check_kind
from pv.yamlfile.nodes import Node
from pv.yamlfile.periods import days_of
from pv.yamlfile.places import span_at
from pv.yamlfile.read import Document
from pv.yamlfile.records import claimed_status
from pv.yamlfile.respell import Proposal
from pv.yamlfile.schema_problems import SchemaCode, SchemaProblem
from pv.yamlfile.shapes import ONLY_TEXT, nearest
from pv.yamlfile.wording import found, shown

_OBLIGATION_TYPES = frozenset(OBLIGATION_TYPES)
_OBLIGATION_KEYS: Final = frozenset({"id", "type", "property", "formal", "applies_to"})
_EMPTY = Checked(("metadata",), "metadata")


class Decoded(NamedTuple):
    """A contract as far as it could be read, and everything that is wrong with its schema.

    `contract` is None only where the document has no root or is not a mapping. A faulty value is
    left out of the records around it: before relying on one, ask `faults_under` its path.
    """

    contract: Contract | None
    problems: tuple[SchemaProblem, ...] = ()

    def faults_under(self, path: Path) -> tuple[SchemaProblem, ...]:
        """Return the errors at or below a path: of a falsifier, what forbids to rely on it.

        Warnings are no such faults: nothing that they are about is read wrongly.
        """
        return tuple(
            one
            for one in self.problems
            if one.path[: len(path)] == path and RULES[one.code].severity is Severity.ERROR
        )


def decode(document: Document) -> Decoded:
    """Return the contract of a document in whatever dialect it is written."""
    data = document.plain
    if data is None and document.root is None:
        return Decoded(None)
    above = partial(_above, document)
    spelt = partial(getattr, document, "spelt")  # few contracts have a number where that counts
    checker = Checker(data, document.file, above, spelt=spelt, zeros=document.zeros)
    if not isinstance(data, dict):
        what = f"contract: the document is {found(_above(document, ()))}, expected a mapping"
        checker.note(SchemaCode.NOT_A_CONTRACT, (), what, "start with metadata:")
        return Decoded(None, tuple(checker.problems))
    reader = next(one for one in READERS if one.claims(data))
    contract = _contract(document, data, reader, checker)
    problems = sorted(checker.problems, key=lambda one: (one.span.start, one.code.value))
    return Decoded(contract, tuple(problems))


def _above(document: Document, path: Path) -> Node:
    """Return a node in which a path of a document that has data can be followed."""
    node = document.above(path)
    if node is None:
        raise ValueError(f"{document.file} has no root")
    return node


def _contract(
    document: Document, data: dict[str, Any], reader: Reader, checker: Checker
) -> Contract:
    top = checker.mapping(data, reader.section, ())
    metadata = top.record("metadata") or _EMPTY
    if reader.has_kind:
        check_kind(checker, top)
    stem = document.file.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    description = metadata.text("description") or top.text("description")
    return Contract(
        file=document.file,
        stem=stem,
        text=document.text,
        dialect=reader.dialect,
        data=data,
        locate=partial(_span, document),
        id=metadata.text("id") or top.text("contract", "id") or stem,
        version=metadata.maybe("version") or top.maybe("version"),
        kind=metadata.maybe("kind"),
        status=claimed_status(metadata) or claimed_status(top),
        created=metadata.maybe("created"),
        updated=metadata.maybe("updated"),
        author=metadata.maybe("author"),
        description=description,
        references=_references(metadata),
        depends_on=metadata.texts("depends_on"),
        shelf_life=_shelf_life(checker, metadata),
        changelog=_changelog(checker, top, metadata, description),
        equations=_equations(top),
        obligations=_obligations(checker, top),
        hypotheses=_hypotheses(top),
        falsifiers=reader.falsifiers(checker, top),
        stages=_stages(top),
        lessons=_lessons(top),
        ship_models=_ship_models(top),
    )


def _span(document: Document, path: Path, key: bool) -> Span:
    return span_at(_above(document, path), document.file, path, key)


def _references(metadata: Checked) -> tuple[Any, ...]:
    items = metadata.get("references") or []
    return tuple(dict(one.values) if isinstance(one, Checked) else one for one in items)


def _shelf_life(checker: Checker, metadata: Checked) -> int | None:
    text = metadata.text("shelf_life")
    days = days_of(text) if text else None
    if text and days is None:
        checker.note(
            SchemaCode.BAD_PERIOD,
            (*metadata.path, "shelf_life"),
            f"{metadata.label}: shelf_life is {shown(text)}, expected days or weeks",
            "write 90d or 12w",
        )
    return days


def _changelog(
    checker: Checker, top: Checked, metadata: Checked, description: str
) -> tuple[ChangelogEntry, ...]:
    def unread(path: Path, what: str) -> None:
        message = f"changelog: found {what}, expected an entry with its version"
        advice = "write - { version: X.Y.Z, date: YYYY-MM-DD, changes: [ … ] }"
        checker.note(SchemaCode.UNREAD_CHANGELOG, path, message, advice)

    if "changelog" in top:
        return _own_changelog(checker, top, unread)
    for key in ("changelog", "amendment_history"):
        if key in metadata:
            return read_changelog(metadata.get(key), ("metadata", key), unread)
    return read_amendments(description)


def _own_changelog(
    checker: Checker, top: Checked, unread: Callable[[Path, str], None]
) -> tuple[ChangelogEntry, ...]:
    value = top.get("changelog")
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        if all(len(one) == 1 and "version" not in one for one in value):
            return read_changelog(value, ("changelog",), unread)
        entries = checker.records(("changelog",), "change")
        return tuple(
            ChangelogEntry(
                one.text("version"),
                one.maybe("date"),
                one.texts("changes", "change", "summary", "notes", "description"),
                one.path,
            )
            for one in entries
            if "version" in one
        )
    return read_changelog(value, ("changelog",), unread)


def _equations(top: Checked) -> tuple[Equation, ...]:
    return tuple(
        Equation(
            one.text("id") or str(one.path[-1]),
            one.text("formula"),
            one.path,
            {key: value for key, value in one.values.items() if key not in ("id", "formula")},
        )
        for one in top.items("equations")
    )


def _obligations(checker: Checker, top: Checked) -> tuple[Obligation, ...]:
    return tuple(_obligation(checker, one) for one in top.items("proof_obligations"))


def _obligation(checker: Checker, item: Checked) -> Obligation:
    return _plain_obligation(item) or _full_obligation(checker, item)


def _plain_obligation(item: Checked) -> Obligation | None:
    """Return the record of an obligation with the keys that most have, and no others."""
    values = item.values
    if values.keys() != _OBLIGATION_KEYS or not ONLY_TEXT.issuperset(map(type, values.values())):
        return None
    if values["type"] not in _OBLIGATION_TYPES or item.faulty:
        return None
    return Obligation(
        values["id"] or None,
        values["type"],
        values["property"],
        item.path,
        values["formal"],
        values["applies_to"],
    )


def _full_obligation(checker: Checker, item: Checked) -> Obligation:
    kind = item.text("type") or "invariant"
    if kind not in _OBLIGATION_TYPES:
        meant = nearest(kind, OBLIGATION_TYPES)
        checker.note(
            SchemaCode.UNKNOWN_WORD,
            (*item.path, "type"),
            f"{item.label}: type is {shown(kind)}, expected a known type of obligation",
            f"did you mean {meant}?" if meant else "the schema lists the types",
            old=kind,
            proposal=Proposal(f"write {meant}", meant, safe=False) if meant else None,
        )
    tolerance = item.get("tolerance")
    return Obligation(
        id=item.maybe("id"),
        type=kind,
        property=item.text("property", "statement"),
        path=item.path,
        formal=item.text("formal", "verification"),
        applies_to=", ".join(item.texts("applies_to")),
        tolerance=dict(tolerance.values) if isinstance(tolerance, Checked) else tolerance,
    )


def _hypotheses(top: Checked) -> tuple[Hypothesis, ...]:
    return tuple(
        Hypothesis(one.text("id"), one.text("claim"), one.maybe("verdict"), one.path)
        for one in top.items("hypotheses")
        if "id" in one
    )


def _stages(top: Checked) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            one.text("id"),
            one.maybe("status"),
            one.texts("gates"),
            one.path,
            one.text("title", "description", "name"),
        )
        for one in top.items("stages", "implementation_stages")
        if "id" in one
    )


def _lessons(top: Checked) -> tuple[Lesson, ...]:
    return tuple(
        Lesson(
            one.text("id"),
            one.text("text"),
            one.path,
            one.text("incident"),
            one.text("guard"),
            one.text("test"),
        )
        for one in top.items("lessons")
        if "id" in one
    )


def _ship_models(top: Checked) -> tuple[ShipModel, ...]:
    return tuple(
        ShipModel(
            id=one.text("id"),
            name=one.text("name"),
            model=one.text("model"),
            base=one.text("base") or "0",
            criteria=tuple(_criterion(item) for item in one.items("criteria") if "id" in item),
            path=one.path,
            asserted_percent=_values(one.record("asserted_percent")),
            credits=one.mapping("credits"),
            reasons={part: str(reason) for part, reason in one.mapping("reasons").items()},
        )
        for one in top.items("models")
        if "id" in one
    )


def _criterion(item: Checked) -> Criterion:
    return Criterion(
        id=item.text("id"),
        criterion=item.text("criterion"),
        gates=item.texts("gates"),
        weight=item.text("weight") or "1",
        path=item.path,
        status=item.maybe("status"),
        foreign=_values(item.record("foreign")),
        not_applicable=item.text("not_applicable"),
    )


def _values(item: Checked | None) -> dict[str, Any]:
    return dict(item.values) if item else {}
