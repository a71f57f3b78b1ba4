"""Citations of a document: sections that exist and hold what is cited; what was refuted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pv.lint.documents.markdown import Fault, Found, Section

_CITED: Final = re.compile(
    r"§\s*(?P<id>\d+(?:\.\d+)*)"
    r"(?:\s*(?:[,:—-]\s*)?(?:\"(?P<quoted>[^\"\n]{3,90})\"|“(?P<curled>[^”\n]{3,90})”))?"
)
_LINK: Final = re.compile(r"\[(?P<text>[^\]\n]{1,120})\]\(#(?P<anchor>[^)\s]+)\)")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z-]{3,}")
_DROP: Final = re.compile(r"[^\w\- ]")
_NUMBERS: Final = r"§\s*\d+(?:\.\d+)*(?:\s*(?:,|/|and|to|–|-)\s*§?\s*\d+(?:\.\d+)*){0,5}"
_AGAINST: Final = re.compile(
    rf"\b(?:refutes?|refuting|supersed(?:es?|ing)|overturns?|withdraws?|replaces?)\b[^.\n]{{0,40}}?"
    rf"(?P<active>{_NUMBERS})"
    rf"|(?P<passive>{_NUMBERS})[^.\n]{{0,40}}?\b(?:is|are|was|were)\s+"
    r"(?:refuted|superseded|overturned|withdrawn|falsified|replaced)\b(?!\s+(?:by|in)\b)"
)
_ID: Final = re.compile(r"\d+(?:\.\d+)*")


def citations(sections: Sequence[Section]) -> Found:
    """Return what citations of a document do not lead to what they say."""
    known = {each.id: each for each in sections if each.id}
    anchors = {_slug(each): each for each in sections if each.title}
    faults = [*_numbers(sections, known), *_links(sections, anchors), *_superseded(sections, known)]
    judged = sum(
        len(_CITED.findall(line.text)) + len(_LINK.findall(line.text))
        for section in sections
        for line in section.lines
    )
    return Found(judged if known else 0, tuple(faults))


def _slug(section: Section) -> str:
    title = f"{section.id} {section.title}" if section.id else section.title
    return _DROP.sub("", title.lower()).strip().replace(" ", "-")


def _stems(text: str) -> set[str]:
    return {word.lower().rstrip("s") for word in _WORD.findall(text)}


def _numbers(sections: Sequence[Section], known: dict[str, Section]) -> Iterator[Fault]:
    """Yield citations of sections that are not there, or that do not hold the words cited."""
    if not known:
        return
    last = max(map(_top, known))
    for section in sections:
        for line in section.lines:
            for match in _CITED.finditer(line.text):
                target, words = known.get(match["id"]), match["quoted"] or match["curled"]
                if target is None and _top(match["id"]) > last:
                    continue  # of another document
                if target is None:
                    message = f"§{match['id']} is cited, and no section has that number"
                    yield Fault(line.number, "citation", message, "correct the number")
                elif words and not _stems(words) <= _stems(target.text):
                    message = f'§{target.id} is cited for "{words}", its title is "{target.title}"'
                    yield Fault(line.number, "citation", message, _elsewhere(words, sections))


def _top(id_: str) -> int:
    return int(id_.partition(".")[0])


def _links(sections: Sequence[Section], anchors: dict[str, Section]) -> Iterator[Fault]:
    for section in sections:
        for line in section.lines:
            for match in _LINK.finditer(line.text):
                target = anchors.get(match["anchor"])
                if target is None:
                    message = f"#{match['anchor']} is no heading of this document"
                    yield Fault(line.number, "citation", message, "correct the link")
                    continue
                asked = _stems(match["text"])
                if asked and not asked & _stems(target.text):
                    message = f'"{match["text"]}" leads to "{target.title}", which says none of it'
                    yield Fault(
                        line.number, "citation", message, _elsewhere(match["text"], sections)
                    )


def _elsewhere(words: str, sections: Sequence[Section]) -> str:
    """Say which section holds the words."""
    asked = _stems(words)
    held = [each for each in sections if each.id and asked <= _stems(f"{each.title}")]
    held = held or [each for each in sections if each.id and asked <= _stems(each.text)]
    names = ", ".join(f"§{each.id}" for each in held[:3])
    return f"it stands in {names}" if names else "correct the citation"


def _superseded(sections: Sequence[Section], known: dict[str, Section]) -> Iterator[Fault]:
    """Yield sections that another one refutes, and that do not say so."""
    told: set[str] = set()
    for section in (each for each in sections if each.id):
        for line in section.lines:
            for match in _AGAINST.finditer(line.text):
                for id_ in _ID.findall(match["active"] or match["passive"]):
                    target = known.get(id_)
                    if target is None or target is section or id_ in told:
                        continue
                    if not re.search(rf"§\s*{re.escape(section.id)}(?![\d.]*\d)", target.text):
                        told.add(id_)
                        message = f"§{id_} is refuted in §{section.id} and does not say so"
                        advice = f"write in §{id_}: superseded by §{section.id}"
                        yield Fault(target.number, "superseded", message, advice)
