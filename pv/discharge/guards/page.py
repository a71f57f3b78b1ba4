"""The page of a guard: a title, four parts, and what it says of its two examples."""

from __future__ import annotations

from difflib import get_close_matches
from textwrap import dedent, fill
from typing import Final, NamedTuple

from pv.discharge.guards import GUARDS
from pv.discharge.guards.interface import Guard
from pv.errors import UsageError
from pv.model.receipt import GuardResult

PARTS: Final = ("What it asks", "Why", "When it stops a verdict", "What a harness gives")


class Example(NamedTuple):
    """A run, in words, and what the guard said of it just now."""

    about: str
    said: GuardResult


class Page(NamedTuple):
    """A parsed page."""

    name: str
    title: str
    parts: tuple[tuple[str, str], ...]
    stops: Example
    leaves: Example


def pages_of(name: str | None) -> tuple[Page, ...]:
    """Return the page of a guard, or of all; raises UsageError for a name that is none's."""
    if name is None:
        return tuple(page_of(each) for each in GUARDS)
    wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
    found = tuple(page_of(each) for each in GUARDS if each.name == wanted)
    if not found:
        names = [each.name for each in GUARDS]
        near = get_close_matches(wanted, names, n=1)
        listed = fill(
            ", ".join(names), 80, initial_indent="  ", subsequent_indent="  ",
            break_on_hyphens=False,
        )  # fmt: skip
        raise UsageError(
            f"no guard is called {name!r}, expected one of\n{listed}",
            advice=f"did you mean {near[0]}?" if near else "pv guard",
        )
    return found


def page_of(guard: Guard) -> Page:
    """Return the page; raises ValueError where a part is missing, empty or out of order."""
    title, _, body = guard.page.strip().partition("\n")
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line and not line[0].isspace():
            found.append((line.strip(), []))
        elif found:
            found[-1][1].append(line)
    parts = tuple((name, dedent("\n".join(lines)).strip()) for name, lines in found)
    if tuple(name for name, _ in parts) != PARTS or not all(text for _, text in parts):
        shown = ", ".join(name for name, _ in parts) or "nothing"
        raise ValueError(f"page {guard.name} has {shown}, expected {', '.join(PARTS)}, none empty")
    examples = (Example(about, guard.check(run)) for about, run in (guard.trips(), guard.leaves()))
    return Page(guard.name, title.rstrip("."), parts, *examples)


def text_page(page: Page) -> str:
    """Return the page for a terminal."""
    lines = [page.name, page.title]
    for name, text in page.parts:
        lines += ["", name, *(f"    {line}".rstrip() for line in text.splitlines())]
    for name, example in (
        ("A run that it must stop", page.stops),
        ("A sound run that it leaves alone", page.leaves),
    ):
        lines += [
            "",
            name,
            f"    {example.about}",
            f"    {word(example.said)}: {example.said.reason}",
        ]
    return "\n".join(lines) + "\n"


def word(said: GuardResult) -> str:
    """Return in a word what a guard did."""
    if not said.applies:
        return "nothing to look at"
    return "TRIPPED" if said.tripped else said.mark or "ok"
