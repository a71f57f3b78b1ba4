"""Findings that an author set aside in place: `# pv: ignore PV-XXX-NNN -- reason`.

Behind a value the comment is about its own line; alone on a line, about the line below (comments
between them are skipped). A suppression that names no rule, an unknown one, or no reason sets
nothing aside. Faults of YAML itself and of suppressions cannot be set aside.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from pv.errors import UsageError
from pv.marks import Mark, Span
from pv.model.contract import Path
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.yamlfile.nodes import Mapping, Node, Scalar, Sequence
from pv.yamlfile.read import read_text

_COMMENT: Final = re.compile(r"(?<!\S)#[ \t]*pv:[ \t]*ignore\b([^\n\r]*)")
_ALMOST: Final = re.compile(
    r"(?<!\S)#+[ \t]*(?:pv(?P<sign>[ \t]*[:;=_-][ \t]*|[ \t]*)(?P<word>[a-z]{3,12})"
    r"|(?P<other>noqa|nolint|ignore|disable|suppress|allow|skip)\b(?=[^\n\r]{0,40}\bPV-[A-Z]{3}-))"
    r"[^\n\r]*",
    re.IGNORECASE,
)
_MEANT: Final = ("ignore", "ignored", "ignores", "suppress", "disable", "allow", "skip", "noqa")
"""Words that people write where `ignore` is meant; others are about something else."""
_RULE: Final = re.compile(r"\b[A-Z]{2,8}-(?:[A-Z]{3}-)?\d{2,3}\b", re.IGNORECASE)
_BEHIND: Final = re.compile(r"([\w-]+(?:[\s,]+[A-Z]{2}-[A-Z]{3}-\d+)*)(?:\s*[:;–—(]|\s-)\s*(\S.*)")
"""A reason behind something else than two dashes."""
_LINE: Final = re.compile(r"[ \t]*#")
UNUSED: Final = "PV-SUP-002"
"""Its findings carry, as their path, the rule and the lines that their comment is about."""
KEPT: Final = ("PV-YML-", "PV-SUP-")
"""Families whose findings always count."""

Finder = Callable[[str], tuple[str, ...]]
"""The ids of rules by any name, a foreign one may stand for several; raises UsageError."""
_AND: Final = ", "
_NEAR: Final = 0.7
_FAR: Final = 0.5
"""Similarity of a word to `ignore`; the lower one where a rule is named beside it."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment, as far as it could be understood."""

    span: Span
    lines: frozenset[int]
    """The lines whose findings it is about."""
    rules: tuple[tuple[str, ...], ...]
    """For each word the ids of the rules that it stands for."""
    faults: tuple[tuple[str, str], ...] = ()
    """What is wrong with it, each with advice; then it sets nothing aside."""


def sift(findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that count, and those that are set aside.

    A suppression is among the findings as the one that it is of no use (`UNUSED`); what it sets
    aside disproves that.
    """
    every = list(findings)
    comments: dict[tuple[str, int, str], list[Finding]] = defaultdict(list)
    for one in every:
        if one.rule == UNUSED:
            rules, *lines = one.path
            for line, rule in product(lines, str(rules).split(_AND)):
                comments[one.span.file, int(line), rule].append(one)
    count: list[Finding] = []
    aside: list[Finding] = []
    used: set[int] = set()
    for one in every:
        hits = comments.get((one.span.file, one.span.start.line, one.rule), ())
        used.update(map(id, hits))
        (aside if hits else count).append(one)
    left = [one for one in count if id(one) not in used]
    return [replace(one, path=()) if one.rule == UNUSED else one for one in left], aside


def claims_of_use(one: Suppression, contract: str) -> Iterator[Finding]:
    """Yield, for each word of a sound suppression, the finding that it is of no use."""
    for rules in () if one.faults else one.rules:
        message = f"suppression of {_AND.join(rules)} sets nothing aside"
        advice = "remove it, or move it to the line of the finding"
        path: Path = (_AND.join(rules), *sorted(one.lines))
        yield Finding(UNUSED, Severity.WARNING, message, one.span, advice, contract, path)


def suppressions_of(text: str, file: str, find: Finder) -> tuple[Suppression, ...]:
    """Return the suppressions that stand in the comments of a text."""
    matches = list(_COMMENT.finditer(text)) if "ignore" in text else []
    almost = _almost(text, {match.start() for match in matches})
    root = read_text(text, file).root if matches or almost else None
    if root is None:
        return ()
    lines = text.split("\n")
    texts = list(_texts(root))
    found = [_suppression(file, match, lines, find) for match in matches]
    found += [_misspelt(file, match) for match in almost]
    found.sort(key=lambda one: one.span.start)
    return tuple(one for one in found if not any(_inside(one.span.start, text) for text in texts))


def _almost(text: str, known: set[int]) -> list[re.Match[str]]:
    """Return the comments that look as if they were to set a finding aside, and do not."""
    if "#" not in text:
        return []
    return [
        match
        for match in _ALMOST.finditer(text)
        if match.start() not in known and (match["word"] is None or _is_meant(match))
    ]


def _is_meant(match: re.Match[str]) -> bool:
    """Tell whether a word behind `pv` is `ignore` misspelt, or another word for it."""
    word = match["word"].lower()
    close = difflib.SequenceMatcher(None, word, _MEANT[0]).ratio()
    if _RULE.search(match[0]):
        return close >= _FAR or word in _MEANT
    prose = not match["sign"].strip() and word.endswith("s")  # what pv does is told so
    return not prose and (close >= _NEAR or word in _MEANT)


def _misspelt(file: str, match: re.Match[str]) -> Suppression:
    """Return a suppression that sets nothing aside, because it is not written as one."""
    rules = [rule.upper() for rule in _RULE.findall(match[0])]
    shown = match[0].rstrip()
    head = " ".join(shown.split()[:3])
    advice = f"write # pv: ignore {', '.join(rules) or 'PV-XXX-NNN'} -- reason"
    fault = f'comment "{head}" sets nothing aside, expected "# pv: ignore"'
    return Suppression(_span(file, match), frozenset(), (), ((fault, advice),))


def _span(file: str, match: re.Match[str]) -> Span:
    line = match.string.count("\n", 0, match.start()) + 1
    column = match.start() - match.string.rfind("\n", 0, match.start())
    return Span(file, Mark(line, column), Mark(line, column + len(match[0].rstrip())))


def _suppression(file: str, match: re.Match[str], lines: list[str], find: Finder) -> Suppression:
    span = _span(file, match)
    names, dashes, reason = match[1].partition("--")
    if names.lstrip().startswith(":"):
        names = names.lstrip().lstrip(":").strip()
        fault = 'suppression has a colon behind "ignore"'
        advice = f"write # pv: ignore {names or 'PV-XXX-NNN'} -- {reason.strip() or 'reason'}"
        return Suppression(span, frozenset(), (), ((fault, advice),))
    if not dashes and (behind := _BEHIND.fullmatch(names.strip(" \t:"))):
        fault = "suppression gives its reason behind something else than --"
        advice = f"write # pv: ignore {behind[1]} -- {behind[2].rstrip(')')}"
        return Suppression(span, frozenset(), (), ((fault, advice),))
    words = [word for word in re.split(r"[\s,]+", names) if word]
    faults: list[tuple[str, str]] = []
    rules: list[tuple[str, ...]] = []
    for word in words:
        try:
            rules.append(find(word))
        except UsageError as error:
            faults.append((f"suppression of {word}: expected the id of a rule", error.advice))
            continue
        for kept in (rule for rule in rules[-1] if rule.startswith(KEPT)):
            advice = "repair what it finds"
            faults.append((f"{kept} cannot be suppressed, expected another rule", advice))
    if not words:
        faults.append(("suppression names no rule", "write # pv: ignore PV-XXX-NNN -- reason"))
    if not dashes or not reason.strip():
        advice = "write the reason behind the ids: # pv: ignore PV-XXX-NNN -- reason"
        faults.append(("suppression gives no reason", advice))
    return Suppression(span, _lines(lines, span.start.line), tuple(rules), tuple(faults))


def _lines(lines: list[str], line: int) -> frozenset[int]:
    """Return its own line, and for a comment that stands alone the next that is none."""
    if not _LINE.match(lines[line - 1]):
        return frozenset({line})
    below = line + 1
    while below <= len(lines) and _LINE.match(lines[below - 1]):
        below += 1
    return frozenset({line, below})


def _texts(root: Node) -> Iterator[Scalar]:
    """Yield every key and value that could hold the sign of a comment."""
    waiting: list[Node] = [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            for pair in node.pairs:
                waiting += (pair.key, pair.value)
        elif isinstance(node, Sequence):
            waiting += node.items
        elif "#" in node.text:
            yield node


def _inside(place: Mark, text: Scalar) -> bool:
    start = text.start
    if text.style in {"literal", "folded"}:  # its first line holds no text, and may have a comment
        start = Mark(start.line + 1, 1)
    return start <= place < text.end
