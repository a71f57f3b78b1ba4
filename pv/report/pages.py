"""Which files are rendered, and what they should hold.

Managed sections are filled wherever they stand in a Markdown file of the project. The standard
pages (status, overview, ship, one for each contract, charts, badges) are made where they are
missing.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from pv.errors import UsageError
from pv.evidence.derive import Derived
from pv.files import plain_bytes, replace_file
from pv.report.banner import banners_since
from pv.report.build import view_of
from pv.report.fields import records
from pv.report.markers import Section, replace_sections
from pv.report.release import release
from pv.report.render import OwnTemplates, Renderer
from pv.report.view import ContractView, RegistryView

_SKIP: Final = frozenset({".git", ".venv", ".pv", "node_modules", "build", "dist"})
_LARGEST: Final = 1 << 24
"""Bytes of a page that is read."""


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

    def difference(self) -> str:
        """Return what would change as a unified diff; empty where nothing would."""
        before = (self.present or "").splitlines(keepends=True)
        name = "/dev/null" if self.present is None else f"a/{self.path}"
        lines = difflib.unified_diff(
            before, self.text.splitlines(keepends=True), name, f"b/{self.path}"
        )
        return "".join(
            each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n"
            for each in lines
        )


class Registry(NamedTuple):
    """A registry that was read once, and what templates see of it."""

    root: Path
    derived: Derived
    view: RegistryView
    named: Mapping[str, ContractView]
    """Each contract by its id and by its stem; the first one where several have it."""

    @classmethod
    def of(cls, root: Path, derived: Derived, base: PurePosixPath) -> Registry:
        """Return a registry with its view; `base` is the folder of the standard pages."""
        view = view_of(derived, base=str(base))
        last_first = view.contracts[::-1]
        named = {name: each for each in last_first for name in (each.stem, each.id)}
        return cls(root, derived, view, named)


def _skeleton(title: str, *sections: str) -> str:
    parts = [f"# {title}", ""]
    for section in sections:
        heading = _HEADINGS.get(section.split()[0], section.split()[0].capitalize())
        parts += [f"## {heading}", ""] if len(sections) > 1 else []
        parts += [f"<!-- pv:begin {section} -->", f"<!-- pv:end {section} -->", ""]
    return "\n".join(parts)


_HEADINGS: Final = {
    "banner": "Next",
    "verification": "Contract by model by back-end",
    "whys": "Why it stands there",
    "history": "Document",
}


def _standard(view: RegistryView, base: PurePosixPath) -> dict[PurePosixPath, str]:
    """Return the standard pages with empty sections."""
    over_all = ("coverage", "hypotheses", "verification", "lessons")
    pages = {
        base / "status.md": _skeleton("Status", "status"),
        base / "overview.md": _skeleton(
            "Overview", *(("banner", *over_all) if view.ship else over_all)
        ),
    }
    if view.ship:
        pages[base / "ship.md"] = _skeleton("SHIP", "ship")
    for contract in view.contracts:
        name = contract.stem
        pages[PurePosixPath(contract.page)] = _skeleton(
            name,
            *(f"{each} {name}" for each in ("history", "spec", "falsifiers", "whys", "changelog")),
        )
    return pages


def _markdown_files(root: Path) -> Iterator[PurePosixPath]:
    """Yield the project's plain Markdown files, those of docs/ and of the root.

    A link is passed by: what it leads to is rendered where it lies.
    """
    for folder, names, files in os.walk(root / "docs"):
        names[:] = sorted(set(names) - _SKIP)
        yield from _plain_files(root, (Path(folder) / name for name in sorted(files)))
    yield from _plain_files(root, sorted(root.iterdir()))


def _plain_files(root: Path, paths: Iterable[Path]) -> Iterator[PurePosixPath]:
    for path in paths:
        if path.suffix == ".md" and path.is_file() and not path.is_symlink():
            yield PurePosixPath(path.relative_to(root).as_posix())


def _read(path: Path) -> str | None:
    try:
        data = plain_bytes(path, _LARGEST)
        if data is None:
            raise UsageError(f"{path}: expected a plain file of at most {_LARGEST:,} bytes")
        return data.decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from error


def shared(view: RegistryView) -> dict[str, Any]:
    """Return what every section sees: the fields of the view, by their names."""
    return {each.name: getattr(view, each.name) for each in fields(view)}


_BY_ARGUMENT: Final[Mapping[str, Callable[[Registry, str], Mapping[str, Any]]]] = {
    "banner": lambda registry, revision: {
        "banners": banners_since(registry.derived, registry.root, revision)
    },
    "release": lambda registry, revisions: {"release": release(registry.root, revisions)},
}
"""Sections whose argument is something else than a contract."""


def own_context(registry: Registry, section: Section) -> Mapping[str, Any]:
    """Return what one section sees beside all others; mostly the contract that it names.

    Raises UsageError, at the section, for an argument that it cannot follow.
    """
    if section.name == "fields":
        return {"records": records()}
    if section.name == "release" or (section.argument and section.name in _BY_ARGUMENT):
        try:
            return _BY_ARGUMENT[section.name](registry, section.argument)
        except UsageError as error:
            raise UsageError(error.message, span=section.span, advice=error.advice) from None
    if not section.argument:
        return {}
    found = registry.named.get(section.argument)
    if found is None:
        contracts = registry.view.contracts
        raise UsageError(
            f"section {section.name!r} names contract {section.argument!r}, which is not in the "
            "registry",
            span=section.span,
            advice=f"use one of {', '.join(c.stem for c in contracts[:12])}",
        )
    return {"contract": found}


def pages(registry: Registry, base: PurePosixPath, own: OwnTemplates) -> list[Page]:
    """Return every rendered file with what it should hold.

    `base` is the folder of the standard pages, relative to the root. Where it is `docs`, the
    managed sections in all Markdown files of the project are filled too. Templates of `own` come
    before ours.
    """
    root, view = registry.root, registry.view
    standard = _standard(view, base)
    names = list(standard)
    if base == PurePosixPath("docs"):
        names += [name for name in _markdown_files(root) if name not in standard]
    result = []
    with Renderer(shared(view), own, root.as_posix()) as renderer:
        for name in names:
            present = _read(root / name)
            start = standard.get(name, "") if present is None else present

            def body(section: Section, name: PurePosixPath = name) -> str:
                context = own_context(registry, section)
                return renderer.section(section.name, context, Path(name), section.span)

            text = replace_sections(start, str(name), body)
            if present is None or text != present or "pv:begin" in text:
                result.append(Page(name, text, present))
    pictures = [(each.path, each.svg) for each in view.charts]
    pictures += [(each.path, each.svg) for each in view.badges]
    for place, drawn in pictures:
        path = PurePosixPath(place)
        result.append(Page(path, drawn, _read(root / path)))
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
