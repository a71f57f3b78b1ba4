"""The parent's side: starts the process that renders, waits for it so long, explains its faults."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import pv
from pv.escape import bounded, escape
from pv.marks import Mark, Span
from pv.sandbox.errors import ForbiddenError, LimitError, MissingValueError, TemplateError
from pv.sandbox.rules import LIMITS, RULES, Function, Limits, Rules

_BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pv.sandbox.child import main; main()"
)
_PIECE: Final = 1 << 16
_STARTING: Final = 30.0
"""Seconds that a start may take on top: a machine that is busy is no fault of a template."""
_FAULTS: Final[dict[str, tuple[type[TemplateError], str, str]]] = {
    "syntax": (TemplateError, "is no template: {}", "mend the line; Jinja's syntax is expected"),
    "missing": (
        MissingValueError,
        "a value is missing: {}",
        "name a value that is given, or ask with `is defined` first",
    ),
    "forbidden": (ForbiddenError, "no template may do this: {}", "take it out"),
    "limit": (LimitError, "too much is asked: {}", "make the template do less"),
    "refused": (TemplateError, "the template refuses its values: {}", "give what it asks for"),
    "failed": (TemplateError, "failed on its values: {}", "mend the line"),
}


class Sandbox:
    """One process that renders templates over the same values, one after another.

    Use it as a context manager: the process is gone when the block ends. Values are plain data,
    what JSON can say; tuples arrive as lists.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        limits: Limits = LIMITS,
        *,
        rules: Rules = RULES,
        others: Mapping[str, str] | None = None,
    ) -> None:
        """Take what all templates share. `others` are those that they may include, by name."""
        self._limits = limits
        self._settings = {
            "values": values,
            "limits": limits._asdict(),
            "rules": {**rules._asdict(), "filters": dict(rules.filters)}
            | {"functions": dict(rules.functions)},
            "others": dict(others or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()

    def render(
        self,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        name: str = "template",
        functions: Mapping[str, Function] | None = None,
    ) -> str:
        """Return what a template makes of the values, these before the shared ones.

        Raises TemplateError, or one of its kinds, with `name` and the line.
        """
        if len(template) > self._limits.template:
            said = f"it has {len(template):,} characters, at most {self._limits.template:,}"
            raise _explained("limit", said, name, 1)
        job = {
            "template": template,
            "name": name,
            "values": dict(values or {}),
            "functions": dict(functions or {}),
        }
        answer = self._ask(job, name)
        if "fault" in answer:
            where = str(answer.get("template", name))
            raise _explained(answer["fault"], answer["said"], where, answer.get("line", 0))
        return str(answer["text"])

    def _ask(self, job: Mapping[str, Any], name: str) -> dict[str, Any]:
        patience = self._limits.seconds
        if self._process is None:
            self._process, patience = _started(), patience + _STARTING
            self._send(self._settings)
        self._send(job)
        line = self._line(time.monotonic() + patience)
        if line is None:
            self.close()
            said = f"it takes more than {self._limits.seconds:g} seconds"
            raise _explained("limit", said, name, 0)
        if not line.endswith(b"\n"):
            self.close()
            raise TemplateError(f"{name}: the process that renders ended without an answer")
        found: dict[str, Any] = json.loads(line)
        return found

    def _send(self, message: Mapping[str, Any]) -> None:
        """Write a line. Values that are no plain data are our own mistake, a TypeError."""
        pipe = self._process and self._process.stdin
        if pipe:
            # Where it is gone already, the answer that never comes says so.
            with contextlib.suppress(BrokenPipeError):
                pipe.write(json.dumps(message).encode() + b"\n")
                pipe.flush()

    def _line(self, until: float) -> bytes | None:
        """Return the next line, what came of it before the end, or None when time is up."""
        pipe = self._process and self._process.stdout
        if not pipe:
            return b""
        found = b""
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not found.endswith(b"\n"):
                if not selector.select(max(until - time.monotonic(), 0.0)):
                    return None
                found = os.read(pipe.fileno(), _PIECE)
                if not found:
                    break
                parts.append(found)
        return b"".join(parts)


def render(
    template: str,
    values: Mapping[str, Any],
    limits: Limits = LIMITS,
    *,
    name: str = "template",
    rules: Rules = RULES,
    others: Mapping[str, str] | None = None,
) -> str:
    """Return what one template makes of plain values; see `Sandbox`.

    Starts a process for it, in about 0.2 s; for many templates a `Sandbox` starts one for all.
    Raises TemplateError, or one of its kinds, with `name` and the line.
    """
    with Sandbox(values, limits, rules=rules, others=others) as sandbox:
        return sandbox.render(template, name=name)


def _started() -> subprocess.Popen[bytes]:
    """Start the process: no setting of the caller's environment, no files but its two pipes."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _BOOT, str(Path(pv.__file__).parents[1])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=kept,
        start_new_session=True,
    )


def _explained(kind: str, said: str, name: str, line: int) -> TemplateError:
    error, pattern, advice = _FAULTS[kind]
    place = Mark(max(line, 1), 1)
    text = pattern.format(bounded(escape(said)))
    return error(text, span=Span(escape(name), place, place), advice=advice)
