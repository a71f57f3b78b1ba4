"""How far a run is: one line that keeps itself up to date on a terminal, quiet lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final, TextIO

from pv.discharge.job import Job
from pv.model.contract import short_id
from pv.model.receipt import Outcome
from pv.output.escape import escape

if TYPE_CHECKING:
    from rich.live import Live

_EVERY: Final = 30.0
"""Seconds between two lines where nobody watches."""
_NAMED: Final = 3
_WIDTH: Final = 79


class Progress(AbstractContextManager["Progress"]):
    """Watches a run; stands on standard error, so that results stay what they are."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._running: dict[int, str] = {}
        self._total = self._done = 0
        self._began = self._told = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            from rich.console import Console  # noqa: PLC0415 - where somebody watches
            from rich.live import Live  # noqa: PLC0415 - where somebody watches

            console = Console(file=self._stream, highlight=False)
            self._live = Live(
                console=console,
                transient=True,
                get_renderable=self.line,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the screen to somebody who prints."""
        live = self._live
        if live is not None:
            live.stop()
        try:
            yield
        finally:
            if live is not None:
                live.start()

    def planned(self, jobs: int) -> None:
        """Hear how many jobs there are."""
        with self._lock:
            self._total = jobs

    def began(self, job: Job) -> None:
        """Hear that a job begins."""
        with self._lock:
            self._running[id(job)] = short_id(job.falsifier.id)

    def ended(self, job: Job, outcome: Outcome) -> None:  # noqa: ARG002 - who watches is told both
        """Hear that a job is through; where nobody watches, tell now and then how far it is."""
        with self._lock:
            self._running.pop(id(job), None)
            self._done += 1
            now = time.monotonic()
            quiet = self._live is not None or now - self._told < _EVERY
            if not quiet:
                self._told = now
        if not quiet:
            self._stream.write(self.line() + "\n")
            self._stream.flush()

    def warned(self, text: str) -> None:
        """Tell what a user should know."""
        with self.aside():
            self._stream.write(f"warning: {escape(text)}\n")
            self._stream.flush()

    def line(self) -> str:
        """Return what runs, what is done and what is to go, and for how long it has run."""
        with self._lock:
            names = [*self._running.values()]
            done, total = self._done, self._total
        more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        told = (
            f"{minutes}:{seconds:02d}  {done:,} of {total:,} done, {total - done:,} to go"
            f"  running: {', '.join(names[:_NAMED]) or 'nothing'}{more}"
        )
        return escape(told)[:_WIDTH]
