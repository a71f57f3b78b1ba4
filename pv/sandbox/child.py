"""The process that renders: reads a job a line, forks for each, answers a line.

Each job runs in a fork of its own under the limits of the kernel, so what one spoils is gone with
it. Nothing of the parent is here but what it sent.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import jinja2
from jinja2.exceptions import SecurityError

from pv.sandbox.language import Environment, OverLimit, Refused

_MAIN: Final = "\0main"
"""Name of the template itself, which nothing can include."""
_PIECE: Final = 65_536


def main() -> None:
    """Serve until the parent goes away."""
    settings = json.loads(sys.stdin.buffer.readline())
    if settings["rules"]["loop_controls"]:
        import jinja2.ext  # noqa: F401, PLC0415 - before the fork: it is needed in every one
    for line in sys.stdin.buffer:
        answer = _forked(settings, json.loads(line))
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


def _forked(settings: Mapping[str, Any], job: Mapping[str, Any]) -> bytes:
    """Return the answer of a process that renders one job, or how it ended without one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _confine(settings["limits"])
            with os.fdopen(writing, "wb") as out:
                out.write(json.dumps(_answer(settings, job)).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever it was, the parent says so by the status
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        return answer
    said = f"its process ended with status {status}"
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        said = f"it takes more than {settings['limits']['cpu_seconds']} seconds of processor time"
    return json.dumps({"fault": "limit", "said": said}).encode()


def _confine(limits: Mapping[str, Any]) -> None:
    """Give up what a rendering does not need; none of it can be taken back."""
    seconds = limits["cpu_seconds"]
    for name, most in (
        (resource.RLIMIT_AS, limits["memory"] + _in_use()),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # The hard limit ends what the soft one does not.
        hard = most + 1 if name == resource.RLIMIT_CPU else most
        resource.setrlimit(name, (most, hard))


def _in_use() -> int:
    """Return the bytes of address space in use: Python, Jinja and the values."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib costs every start
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # a system without it keeps a narrower limit
        return 0


def _answer(settings: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    """Render a job; every fault becomes data: its kind, words, template and line."""
    name = job["name"]
    try:
        return {"text": _rendered(settings, job)}
    except MemoryError:
        most = settings["limits"]["memory"]
        return _fault("limit", f"it takes more than {most:,} bytes of memory", name)
    except jinja2.TemplateSyntaxError as error:
        shown = name if error.name in (None, _MAIN) else error.name
        return _fault("syntax", error.message or "", shown, error.lineno)
    except Exception as error:  # noqa: BLE001 - a template can raise whatever its values raise
        kind, said = next(
            ((kind, said(error)) for type_, kind, said in _FAULTS if isinstance(error, type_)),
            ("failed", f"{type(error).__name__}: {error}"),
        )
        return _fault(kind, said, *_place(error, name))


_FAULTS: Final[tuple[tuple[type[Exception], str, Callable[[Any], str]], ...]] = (
    (jinja2.TemplateNotFound, "missing", lambda error: f"no template {error.name!r} to include"),
    (jinja2.UndefinedError, "missing", lambda error: error.message or ""),
    (SecurityError, "forbidden", lambda error: error.message or ""),
    (OverLimit, "limit", str),
    (OverflowError, "limit", str),
    (RecursionError, "limit", lambda _: "it is nested too deeply, or calls itself without an end"),
    (Refused, "refused", str),
)


def _rendered(settings: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    rules = settings["rules"] | {"functions": settings["rules"]["functions"] | job["functions"]}
    environment = Environment(rules, settings["limits"])
    sources = settings["others"] | {_MAIN: job["template"]}

    def source_of(name: str) -> tuple[str, str, None] | None:
        source = sources.get(name)
        if source is None:
            return None
        environment.check_depth(source)
        # Where a template would have a file stands its name: it comes back in tracebacks.
        return source, f"<template {job['name'] if name == _MAIN else name}>", None

    environment.loader = jinja2.FunctionLoader(source_of)
    template = environment.get_template(_MAIN)
    made, most, pieces = 0, settings["limits"]["output"], []
    for piece in template.generate(settings["values"] | job["values"]):
        made += len(piece)
        if made > most:
            raise OverLimit(f"its output has more than {most:,} characters")
        pieces.append(piece)
    return "".join(pieces)


def _place(error: BaseException, name: str) -> tuple[str, int]:
    """Return the innermost template on the way to an error, and its line there."""
    place = (name, 0)
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("<template "):
            place = (file.removeprefix("<template ").removesuffix(">"), trace.tb_lineno)
        trace = trace.tb_next
    return place


def _fault(kind: str, said: str, name: str, line: int = 0) -> dict[str, Any]:
    return {"fault": kind, "said": said[:_PIECE], "template": name, "line": line}
