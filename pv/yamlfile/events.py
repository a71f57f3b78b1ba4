"""What we use of libyaml's events: its Python binding gives them no precise types."""

from __future__ import annotations

from typing import Protocol


class Place(Protocol):
    """A mark of libyaml: line and column from 0, all three in characters."""

    @property
    def index(self) -> int:
        """Offset from the start of the text."""

    @property
    def line(self) -> int:
        """Line, from 0."""

    @property
    def column(self) -> int:
        """Column, from 0."""


class Event(Protocol):
    """An event of libyaml; the attributes below the marks exist on those kinds that have them."""

    @property
    def start_mark(self) -> Place:
        """First character, anchor and tag included."""

    @property
    def end_mark(self) -> Place:
        """Behind the last character, often as far as the next token."""

    @property
    def anchor(self) -> str | None:
        """Name after `&` or `*`."""

    @property
    def tag(self) -> str | None:
        """Type after `!`, with its handle resolved."""

    @property
    def value(self) -> str:
        """Content of a scalar, escapes and folding undone."""

    @property
    def style(self) -> str | None:
        """Quote or block indicator of a scalar; empty for a plain one."""
