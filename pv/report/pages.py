"""Which files are rendered, and what they should hold.

Managed sections are filled wherever they stand in a Markdown file of the project. The standard
pages (status, ship, one for each contract, charts) are made where they are missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pv.errors import UsageError
from pv.files import replace_file
from pv.report.markers import Section, replace_sections
from pv.report.render import Renderer
from pv.report.view import RegistryView

_SKIP = frozenset({".git", ".venv", ".pv", "node_modules", "build", "dist"})


@dataclass(frozen=True, slots=True)
class Page:
    """One file as it should be. `path` is relative to the registry root."""

    path: PurePosixPath
    text: str
    present: str | None
    """What the file holds now; None where it is missing."""

    @property
    def stale(self) -> bool:
        """Whether the file differs from what the records say."""
        return self.text != self.present


def _skeleton(title: str, *sections: str) -> str:
    parts = [f"# {title}", ""]
    for section in sections:
        heading = section.split()[0].capitalize()
        parts += [f"## {heading}", ""] if len(sections) > 1 else []
        parts += [f"<!-- pv:begin {section} -->", f"<!-- pv:end {section} -->", ""]
    return "\n".join(parts)


def _standard(view: RegistryView, base: PurePosixPath) -> dict[PurePosixPath, str]:
    """Return the standard pages with empty sections."""
    pages = {base / "status.md": _skeleton("Status", "status")}
    if view.ship:
        pages[base / "ship.md"] = _skeleton("SHIP", "ship")
    for contract in view.contracts:
        name = contract.stem
        pages[PurePosixPath(contract.page)] = _skeleton(name, f"spec {name}", f"changelog {name}")
    return pages


def _markdown_files(root: Path) -> Iterator[PurePosixPath]:
    """Yield the project's Markdown files that hold a marker, those of the root and of docs/."""
    for folder, names, files in os.walk(root / "docs"):
        names[:] = sorted(set(names) - _SKIP)
        for name in sorted(files):
            if name.endswith(".md"):
                yield PurePosixPath((Path(folder) / name).relative_to(root).as_posix())
    for file in sorted(root.glob("*.md")):
        yield PurePosixPath(file.name)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def _context(view: RegistryView, section: Section) -> dict[str, Any]:
    """Return what a template sees; a section with an argument sees that contract."""
    context: dict[str, Any] = {
        "contracts": view.contracts,
        "ship": view.ship,
        "totals": view.totals,
        "matrix": view.matrix,
        "charts": view.charts,
        "damaged": view.damaged,
        "lifecycle": view.lifecycle,
    }
    if not section.argument:
        return context
    found = next((c for c in view.contracts if section.argument in (c.stem, c.id)), None)
    if found is None:
        raise UsageError(
            f"section {section.name!r} names contract {section.argument!r}, which is not in the "
            "registry",
            span=section.span,
            advice=f"use one of {', '.join(c.stem for c in view.contracts)}",
        )
    return {**context, "contract": found}


def pages(root: Path, view: RegistryView, base: PurePosixPath) -> list[Page]:
    """Return every rendered file with what it should hold.

    `base` is the folder of the standard pages, relative to `root`. Where it is `docs`, the managed
    sections in all Markdown files of the project are filled too.
    """
    standard = _standard(view, base)
    names = list(standard)
    if base == PurePosixPath("docs"):
        names += [name for name in _markdown_files(root) if name not in standard]
    renderer = Renderer()
    result = []
    for name in names:
        present = _read(root / name)
        start = standard.get(name, "") if present is None else present

        def body(section: Section, name: PurePosixPath = name) -> str:
            context = _context(view, section)
            return renderer.section(section.name, context, Path(name), section.span)

        text = replace_sections(start, str(name), body)
        if present is None or text != present or "pv:begin" in text:
            result.append(Page(name, text, present))
    for chart in view.charts:
        path = PurePosixPath(chart.path)
        result.append(Page(path, chart.svg, _read(root / path)))
    return result


def write(root: Path, page: Page) -> None:
    """Write a page in one step: a reader sees the old text or the new one, never a part.

    Raises UsageError where it cannot be written.
    """
    path = Path(os.path.normpath(root / page.path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, page.text.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
