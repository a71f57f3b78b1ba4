"""Templates to text: strict about what is undefined, everything escaped unless we wrote it."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup as Html

from pv.errors import UsageError
from pv.marks import Span
from pv.report.markdown import Safe, block, code, inline, visible
from pv.resources import packaged

_SUFFIX = ".md.j2"
_PAGE = "page/report.html.j2"

__all__ = ["Html", "Renderer", "page"]


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(packaged("templates")),
        undefined=jinja2.StrictUndefined,
        finalize=inline,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is Markdown: `finalize` escapes every expression
    )
    environment.filters.update(block=block, code=code)
    return environment


class Renderer:
    """Renders sections of one view; keeps the templates it has loaded."""

    def __init__(self) -> None:
        self._environment = _environment()

    def section(
        self, name: str, context: dict[str, Any], target: Path, span: Span | None = None
    ) -> str:
        """Return a section as Markdown, links relative to `target`, a path from the registry root.

        Raises UsageError, at `span`, where no template has that name.
        """

        def href(path: str) -> Safe:
            return Safe(posixpath.relpath(path, target.parent.as_posix() or "."))

        try:
            template = self._environment.get_template(name + _SUFFIX)
        except jinja2.TemplateNotFound as error:
            known = ", ".join(t.removesuffix(_SUFFIX) for t in self._sections())
            raise UsageError(f"no section {name!r}, expected one of {known}", span=span) from error
        return template.render({**context, "href": href}).strip("\n") + "\n"

    def _sections(self) -> list[str]:
        return sorted(
            name
            for name in self._environment.list_templates()
            if name.endswith(_SUFFIX) and "/" not in name
        )


def page(context: dict[str, Any]) -> str:
    """Return the HTML page; everything is escaped but what is `Html`, which we drew ourselves."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(packaged("templates")),
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters.update(svg=Html, lead=_lead)
    return environment.get_template(_PAGE).render(context).strip() + "\n"


def _shown(value: object) -> object:
    """Return a text without characters that make it read otherwise than it is stored."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Html) else value


def _lead(text: str) -> str:
    """Return the first paragraph of a text."""
    return text.strip().partition("\n\n")[0]
