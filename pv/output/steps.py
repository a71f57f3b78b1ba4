"""How far a computation is that takes many equal steps: one line, from the third second on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TextIO

from pv.output.escape import escape

_QUIET: Final = 2.0
"""Seconds in which nobody needs to be told."""
_OFTEN: Final = 0.2
_SELDOM: Final = 30.0
"""Seconds between two lines: on a terminal, and where nobody watches."""
_WIDTH: Final = 79


@contextmanager
def announced(stream: TextIO, what: str) -> Iterator[None]:
    """Tell on a terminal what goes on that has no steps; the line goes when it is through."""
    watched = stream.isatty()
    if watched:
        stream.write(f"\r{escape(what)[:_WIDTH]}")
        stream.flush()
    try:
        yield
    finally:
        if watched:
            stream.write("\r" + " " * _WIDTH + "\r")
            stream.flush()


class Steps(AbstractContextManager["Steps"]):
    """Tells on standard error, so that results stay what they are; the line goes at the end."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._watched = stream.isatty()
        self._began = time.monotonic()
        self._next = self._began + (_QUIET if self._watched else _SELDOM)
        self._shown = False

    def __exit__(self, *_: object) -> None:
        if self._shown and self._watched:
            self._write("\r" + " " * _WIDTH + "\r")

    def __call__(self, done: int, total: int) -> None:
        """Hear that `done` of `total` steps are through."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_OFTEN if self._watched else _SELDOM)
        minutes, seconds = divmod(int(now - self._began), 60)
        line = escape(f"{minutes}:{seconds:02d}  {self._what}: {done:,} of {total:,}")[:_WIDTH]
        self._write(f"\r{line:<{_WIDTH}}" if self._watched else line + "\n")
        self._shown = True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
