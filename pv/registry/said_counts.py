"""Statements with a number: `adds two falsifiers`, `changes 3 files`, `all 12 tests pass`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from pv.model.contract import Contract
from pv.registry.change import Verb
from pv.registry.changeset import ChangeSet, PathState
from pv.registry.said import NO, NUMBER, OPEN, YES, Answer, Said, number_of

_MORE: Final = (
    r"adds?|added|adding|author(?:ed|s)?|new|plus|\+|introduc(?:es?|ed)|creat(?:es?|ed)|"
    r"writes?|wrote|lands?|landed"
)
_LESS: Final = r"remov(?:es?|ed|ing)|delet(?:es?|ed|ing)|drop(?:s|ped|ping)?"
_EDIT: Final = (
    r"chang(?:es?|ed|ing)|touch(?:es|ed)?|modif(?:y|ies|ied)|updat(?:es?|ed)|edit(?:s|ed)?"
)
_WHAT: Final = (
    r"falsifiers?|falsification\s{1,9}tests?|test\s{1,9}(?:files?|functions?|cases?)|"
    r"(?:unit|regression|integration|property|golden)\s{1,9}tests?|tests?|files?|contracts?|"
    r"hypothes[ei]s|stages?|obligations?|equations?"
)
_COUNT: Final = re.compile(
    rf"(?:(?<![\w-])(?:(?P<more>{_MORE})|(?P<less>{_LESS})|(?P<edit>{_EDIT}))\s{{0,9}})?"
    r"(?:\b(?P<all>all|total\s{1,9}of|only|exactly|just|another)\s{1,9})?"
    rf"(?<![\w.,/-])(?P<number>{NUMBER})(?![\w.,-])\s{{1,9}}"
    r"(?:(?P<new>new|more|additional|further)\s{1,9})?(?:of\s{1,9}the\s{1,9})?"
    r"(?:(?!(?:falsif|test|file|contract|hypothes|stage|obligation|equation)\w{0,9}\b)[a-z][\w-]{1,20}\s{1,9})?"
    rf"(?P<what>{_WHAT})\b"
    r"(?:\s{1,9}(?:(?:is|are|was|were|has|have|been|now)\s{1,9}){0,3}"
    r"(?:(?P<came>added|new|authored|created)|(?P<went>removed|deleted|dropped)|"
    r"(?P<edited>changed|touched|modified|updated|edited)|(?P<ran>pass(?:es|ed|ing)?|green))\b)?",
    re.IGNORECASE,
)


_AND: Final = re.compile(r"\s*(?:,|,?\s*and|&|\+)\s*", re.IGNORECASE)
_WITH: Final = re.compile(
    r"([\w./-]+\.(?:py|rs))[`*\"')]{0,3}\s{1,9}(?:\(|(?:with|holds|has|containing)\s{1,9}(?:all\s{1,9})?)\Z",
    re.IGNORECASE,
)
_NEAR: Final = 200
"""Characters between the name of a file and what is counted in it."""


class _Count(NamedTuple):
    """A number that a sentence gives, and of what."""

    number: int
    kind: str
    """`more`, `less`, `edit`, or empty for a number of what is there."""
    whole: bool
    """Whether it speaks of all there are."""
    digits: bool


def counts(sentence: str, change: ChangeSet) -> Iterator[Said]:
    """Yield what a sentence counts."""
    kind, end = "", 0
    for match in _COUNT.finditer(sentence):
        count = _count(match)
        if not count.kind and kind and _AND.fullmatch(sentence, end, match.start()):
            count = count._replace(kind=kind)  # adds two falsifiers and three tests
        kind, end = count.kind, match.end()
        what = " ".join(match["what"].lower().split())
        answer = _answer(what, count, change)
        if answer is None and "test" in what and "file" not in what:
            answer = _in_file(sentence, match, count, change)
        if answer is not None:
            yield Said(match.start(), match.end(), match[0].strip(), answer)


def _in_file(
    sentence: str, match: re.Match[str], count: _Count, change: ChangeSet
) -> Answer | None:
    """Answer how many tests a file holds that is named right before: tests/a.py with 2 tests."""
    named = _WITH.search(sentence, max(0, match.start() - _NEAR), match.start())
    paths = change.matching(named[1]) if named else ()
    if len(paths) != 1:
        return None
    found, several = change.tests_of(paths[0])
    if found < count.number and several:
        return OPEN, f"{paths[0]} has {found} test functions, some of which stand for several tests"
    return (YES if found == count.number else NO), f"{paths[0]} has {found} test functions"


def _count(match: re.Match[str]) -> _Count:
    kind = ""
    if match["more"] or match["new"] or match["came"]:
        kind = "more"
    if match["edit"] or match["edited"]:
        kind = "edit"
    if match["less"] or match["went"]:
        kind = "less"
    whole = (match["all"] or "").lower().startswith(("all", "total"))
    number = match["number"]
    return _Count(number_of(number), kind, whole, number[0].isdigit())


def _answer(what: str, count: _Count, change: ChangeSet) -> Answer | None:
    if what.startswith("test file"):
        return _files(count, change, tests=True)
    if what.startswith("file"):
        return _files(count, change)
    if what.startswith("falsif"):
        return _parts("falsifier", count, change)
    if what.startswith("contract"):
        return _contracts(count, change)
    for part in ("hypothesis", "stage", "obligation", "equation"):
        if what.startswith(part[:8]):
            return _parts(part, count, change) if count.kind else None
    return _tests(count, change)


def _judged(count: _Count, found: int, noun: str, verb: str) -> Answer:
    plural = (
        noun
        if found == 1
        else f"{noun.removesuffix('is')}es"
        if noun.endswith("is")
        else f"{noun}s"
    )
    return (YES if found == count.number else NO), f"{found} {plural} {verb}"


_DID: Final = {"more": "came", "less": "went", "edit": "changed"}


def _tests(count: _Count, change: ChangeSet) -> Answer | None:
    came, went, several = change.tests
    if count.kind == "more":
        if several and 0 < came < count.number:
            return OPEN, f"{came} test functions came, some of which stand for several tests"
        return _judged(count, came, "test function", "came")
    if count.kind == "less":
        return _judged(count, went, "test function", "went")
    if count.whole and not count.kind:
        present, manifold = change.tests_present
        if present < count.number and not manifold:
            return NO, f"the tree has {present} test functions"
        return OPEN, f"the tree has {present} test functions; whether they pass is not judged"
    return None


def _files(count: _Count, change: ChangeSet, *, tests: bool = False) -> Answer | None:
    states = [state for path, state in change.states.items() if not tests or _is_test(path)]
    came, went = states.count(PathState.ADDED), states.count(PathState.DELETED)
    edited = states.count(PathState.CHANGED)
    noun = "test file" if tests else "file"
    if count.kind == "edit":
        many = noun if edited == 1 else f"{noun}s"
        told = f"{edited} {many} changed, {came} came, {went} went"
        return (YES if count.number in {edited, edited + came + went} else NO), told
    if not count.kind:
        return None
    return _judged(count, came if count.kind == "more" else went, noun, _DID[count.kind])


def _is_test(path: str) -> bool:
    name = PurePosixPath(path)
    inside = bool({"tests", "test"} & set(name.parts[:-1]))
    return name.suffix in {".py", ".rs"} and (inside or "test" in name.stem)


def _contracts(count: _Count, change: ChangeSet) -> Answer | None:
    comparison = change.comparison
    found = {
        "more": len(comparison.added),
        "less": len(comparison.removed),
        "edit": sum(bool(one.changes) for one in comparison.differences),
    }
    if not count.kind:
        return None
    return _judged(count, found[count.kind], "contract", _DID[count.kind])


def _parts(part: str, count: _Count, change: ChangeSet) -> Answer | None:
    comparison = change.comparison
    if count.kind:
        verbs = {"more": (Verb.ADDED,), "less": (Verb.REMOVED,), "edit": (Verb.CHANGED, Verb.MOVED)}
        names = {
            (one.after.file, each.name)
            for one in comparison.differences
            for each in one.changes
            if each.part == part and each.verb in verbs[count.kind]
        }
        whole = {"more": comparison.added, "less": comparison.removed}.get(count.kind, ())
        number = len(names) + sum(len(_listed(part, one)) for one in whole)
        return _judged(count, number, part, _DID[count.kind])
    if not (count.digits or count.whole):
        return None
    present = [one.after for one in comparison.differences] + list(comparison.added)
    each = {one.file: len(one.falsifiers) for one in present}
    total = sum(each.values())
    of_one = next((file for file, number in each.items() if number == count.number), None)
    if count.number == total or of_one:
        return YES, f"{of_one or 'the registry'} has {count.number}"
    told = f"the registry has {total} falsifiers, no contract has {count.number}"
    return (NO if count.whole else OPEN), told


def _listed(part: str, contract: Contract) -> tuple[object, ...]:
    return {
        "falsifier": contract.falsifiers,
        "hypothesis": contract.hypotheses,
        "stage": contract.stages,
        "obligation": contract.obligations,
        "equation": contract.equations,
    }[part]
