"""Templates to text: strict about what is undefined, everything escaped unless we wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import jinja2
from markupsafe import Markup as Html

from pv.errors import UsageError
from pv.marks import Span
from pv.report.markdown import block, code, href, inline, line, visible
from pv.resources import packaged
from pv.sandbox import Function, Rules, Sandbox, read_folder

_SUFFIX: Final = ".md.j2"
_PAGE: Final = "page/report.html.j2"
_PARTS: Final = "page/parts.html.j2"
_OURS: Final = "pv/"
"""Before the name of a packaged template, where one of a user includes it."""
_MARKDOWN: Final = "pv.report.markdown"
_FILTERS: Final = {"block": block, "code": code, "line": line}
_RULES: Final = Rules(
    finalize=Function(_MARKDOWN, "inline"),
    filters={name: Function(_MARKDOWN, name) for name in _FILTERS},
)

__all__ = ["Html", "OwnTemplates", "PageRenderer", "Renderer", "own_templates"]


class OwnTemplates(NamedTuple):
    """The templates of a registry: they come before ours."""

    folder: str
    """As people write it."""
    texts: Mapping[str, str]


_NONE: Final = OwnTemplates("", {})


def own_templates(root: Path, folder: Path | None) -> OwnTemplates:
    """Read the templates in a folder; None: there are none. For its errors see `read_folder`."""
    if folder is None:
        return _NONE
    shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
    return OwnTemplates(shown.as_posix(), read_folder(folder, _SUFFIX))


class Renderer:
    """Renders sections over what they all see; keeps the templates it has loaded.

    Templates of a registry run in a sandbox, in a process of their own, over the same values as
    plain data. Use it as a context manager, so that this process ends.
    """

    def __init__(
        self,
        shared: Mapping[str, Any] | None = None,
        own: OwnTemplates = _NONE,
        root: str = "/registry",
    ) -> None:
        """Take what every section sees. `root` matters only for pages that lie outside of it."""
        self._root = root
        self._shared = dict(shared or {})
        self._own = own
        self._sandbox: Sandbox | None = None
        self._environment = _environment(inline, html=False)
        self._environment.filters.update(_FILTERS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    def section(
        self, name: str, context: Mapping[str, Any], target: Path, span: Span | None = None
    ) -> str:
        """Return a section as Markdown, links relative to `target`, a path from the registry root.

        Raises UsageError, at `span`, where no template has that name, and TemplateError for a
        template of the registry that fails.
        """
        folder = target.parent.as_posix() or "."
        file = name + _SUFFIX
        if file in self._own.texts:
            return self._confined(file, context, folder).strip("\n") + "\n"
        try:
            template = self._environment.get_template(_section(file) if span else file)
        except jinja2.TemplateNotFound as error:
            known = ", ".join(t.removesuffix(_SUFFIX) for t in self._sections())
            raise UsageError(
                f"no section {name!r}, expected one of {known}",
                span=span,
                advice="correct the name, or add a template of that name to your own",
            ) from error
        values = {**self._shared, **context, "href": partial(href, self._root, folder)}
        try:
            return template.render(values).strip("\n") + "\n"
        except jinja2.UndefinedError as error:
            if span is None:
                raise
            raise UsageError(
                f"section {name!r} lacks what it is about: {error.message}",
                span=span,
                advice=f"name it in the marker: `pv:begin {name} CONTRACT`",
            ) from error

    def _confined(self, file: str, context: Mapping[str, Any], folder: str) -> str:
        if self._sandbox is None:
            ours = {
                name: (packaged("templates") / name).read_text("utf-8") for name in self._packaged()
            }
            others = {_OURS + name: text for name, text in ours.items()} | dict(self._own.texts)
            self._sandbox = Sandbox(_plain(self._shared), rules=_RULES, others=others)
        return self._sandbox.render(
            self._own.texts[file],
            _plain(context),
            name=f"{self._own.folder}/{file}",
            functions={"href": Function(_MARKDOWN, "href", (self._root, folder))},
        )

    def _packaged(self) -> list[str]:
        return [
            name
            for name in self._environment.list_templates()
            if name.endswith(_SUFFIX) and "/" not in name
        ]

    def _sections(self) -> list[str]:
        own = [name for name in self._own.texts if "/" not in name]
        return sorted({*self._packaged(), *own})


def _plain(value: Any) -> Any:
    """Return what templates see as plain data: records become mappings, tuples lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _environment(finalize: Callable[[Any], Any], *, html: bool) -> jinja2.Environment:
    """Return an environment over our templates, strict about what is undefined."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(packaged("templates")),
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=html,  # noqa: S701 - Markdown is no HTML: `finalize` escapes every expression
    )


class PageRenderer:
    """Renders the HTML page and its parts.

    Everything is escaped but what is `Html`, which we drew ourselves.
    """

    def __init__(self) -> None:
        environment = _environment(_shown, html=True)
        environment.filters.update(svg=Html, lead=_lead)
        self._page = environment.get_template(_PAGE)
        self._parts = environment.get_template(_PARTS).module

    def part(self, name: str, record: object) -> Html:
        """Return one repeated part: the macro of that name over a record."""
        made: Html = getattr(self._parts, name)(record)
        return made

    def page(self, context: Mapping[str, Any]) -> str:
        """Return the whole page."""
        return self._page.render(context).strip() + "\n"


def _shown(value: object) -> object:
    """Return a text without characters that make it read otherwise than it is stored."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Html) else value


def _lead(text: str) -> str:
    """Return the first paragraph of a text."""
    return text.strip().partition("\n\n")[0]


def _section(file: str) -> str:
    """Return the template of a section that a document asks for: none that lies in a folder."""
    if "/" in file:
        raise jinja2.TemplateNotFound(file)
    return file
