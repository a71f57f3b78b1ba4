"""The page of a rule: a title and five parts, always in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import dedent, wrap
from typing import NamedTuple

from pv.lint.rule import GATE_ABOUT, Rule

PARTS = ("What it finds", "Why it matters", "Example", "Instead", "Fix")
WIDTH = 76
"""Columns of a page beside its indentation."""
CODED = frozenset({"Example", "Instead"})
"""The parts that are YAML."""


class Page(NamedTuple):
    """A parsed page."""

    title: str
    parts: tuple[tuple[str, str], ...]


def parse_page(text: str) -> Page:
    """Return the parts of a page; raises ValueError where one is missing or out of order."""
    lines = text.strip().splitlines()
    title = lines[0].rstrip(".") if lines else ""
    found: list[tuple[str, list[str]]] = []
    for line in lines[1:]:
        if line and not line[0].isspace():
            found.append((line.strip(), []))
        elif found:
            found[-1][1].append(line)
    parts = tuple((name, dedent("\n".join(body)).strip()) for name, body in found)
    names = tuple(name for name, _ in parts)
    if names != PARTS or not all(body for _, body in parts):
        shown = ", ".join(names) or "nothing"
        raise ValueError(f"page {title!r} has {shown}, expected {', '.join(PARTS)}, none empty")
    return Page(title, parts)


def text_page(rule: Rule) -> str:
    """Return the page of a rule for a terminal."""
    page = parse_page(rule.page)
    head = f"{rule.id}  {rule.name}\n{page.title}\n\n{_facts(rule)}\n"
    body = (
        f"\n{name}\n{_indented(text if name in CODED else _filled(text))}\n"
        for name, text in page.parts
    )
    return head + "".join(body)


def markdown_pages(rules: Iterable[Rule]) -> str:
    """Return one Markdown document of all pages, with a table of contents by gate."""
    ordered = list(rules)
    lines = ["# Rules", "", "Generated from the rules themselves; do not edit.", ""]
    lines += ["| gate | what it stands for | rules |", "| --- | --- | --- |"]
    for gate, about in GATE_ABOUT.items():
        number = sum(rule.gate is gate for rule in ordered)
        lines.append(f"| {gate} | {about} | {number} |")
    lines += [""]
    lines += [
        "| rule | name | gate | severity | what it finds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule in ordered:
        title = parse_page(rule.page).title
        link = f"[{rule.id}](#{rule.id.lower()})"
        lines.append(f"| {link} | {rule.name} | {rule.gate} | {rule.severity} | {title} |")
    for rule in ordered:
        page = parse_page(rule.page)
        lines += [
            "",
            f"## {rule.id}",
            "",
            f"**{rule.name}**: {page.title}.",
            "",
            f"{_facts(rule)}.",
        ]
        for name, text in page.parts:
            lines += ["", f"*{name}*", ""]
            lines += ["```yaml", text, "```"] if name in CODED else [text]
    return "\n".join(lines) + "\n"


def _facts(rule: Rule) -> str:
    return f"{rule.severity}, gate {rule.gate}, since {rule.since}, fix {rule.fix}"


def _filled(text: str) -> str:
    """Return paragraphs within the columns of a terminal; lists and lines further in stay."""
    paragraphs = re.split(r"\n[ \t]*\n", text)
    return "\n\n".join(
        one if re.search(r"^(?: |[-*] )", one, re.MULTILINE) else "\n".join(wrap(one, WIDTH))
        for one in paragraphs
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
