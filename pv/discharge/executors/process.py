"""Runs one process to its end or to a limit, and says by name how it ended.

The process has its own session and a guardian that ends everything it started; a minimal
environment; one pipe that carries results and nothing else. What it prints is kept up to a limit
and never parsed here.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from pv.discharge.executors.templates import Child, Templates
from pv.discharge.job import Ending, Limits

_CHUNK: Final = 1 << 16
_PULSE: Final = 0.25
_GRACE: Final = 5.0
"""Seconds for a guardian to end what it was told to end."""
_PATIENCE: Final = 60.0
"""Seconds for a process to begin: what it takes to start is no time of its own."""
CPU_SLACK: Final = 10


@dataclass(slots=True)
class _Heard:
    """What has arrived so far, and which limit ended the listening (empty: none)."""

    results: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)
    control: bytearray = field(default_factory=bytearray)
    printed: int = 0
    expired: str = ""
    began: float = 0.0
    """When its guardian had started it; 0 where it has not."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One process after its end."""

    messages: tuple[Mapping[str, Any], ...]
    """What it sent as results; a torn last line is none."""
    log: str
    ending: Ending
    """MEASURED where it left by itself with code 0; else what ended it."""
    reason: str
    code: int | None
    """Its exit code, negative for a signal; None where nobody can say."""
    seconds: float

    @property
    def lost(self) -> bool:
        """Whether the process was lost: ended by a signal or a code, not by a limit of ours."""
        return self.ending is Ending.CRASHED


def execute(
    templates: Templates,
    message: Mapping[str, Any],
    limits: Limits,
    device: str,
    stop: Event | None = None,
) -> Ran:
    """Run the process that `message` describes; setting `stop` ends it.

    Raises UsageError where the message is no plain data, LostError where no process can be had.
    """
    started = time.monotonic()
    asked = {
        "seconds": limits.seconds,
        "cpu_seconds": limits.seconds * (os.cpu_count() or 1) + CPU_SLACK,
        "device": device,
        **message,
    }
    child = templates.spawn(device, asked)
    heard = _Heard()
    try:
        _listen(child, heard, limits, stop or Event())
        _drain(child, heard, limits)
    finally:
        _let_go(child, heard)
    code = _code(heard)
    ending, reason = _ending(heard.expired, code, limits)
    if code is None and heard.expired in ("", "patience"):
        reason += f" ({templates.replace(device)})"
    return Ran(
        tuple(_message(line) for line in heard.results.split(b"\n")[:-1]),
        heard.log.decode("utf-8", "replace"),
        ending,
        reason,
        code,
        time.monotonic() - (heard.began or started),
    )


def _message(line: bytearray) -> Mapping[str, Any]:
    """Return what a job sent. Half a surrogate pair is escaped: no file could hold it."""
    found: Mapping[str, Any] = json.loads(line)
    return _writable(found) if b"\\ud" in line.lower() else found


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list) else value


def _listen(child: Child, heard: _Heard, limits: Limits, stop: Event) -> None:
    """Read everything until the guardian has told how the process ended, or a limit has."""
    deadline = time.monotonic() + _PATIENCE
    with selectors.DefaultSelector() as selector:
        for each in (child.results, child.log, child.control.fileno()):
            selector.register(each, selectors.EVENT_READ)
        while child.control.fileno() in selector.get_map():
            left = deadline - time.monotonic()
            for key, _ in selector.select(max(0.0, min(_PULSE, left))):
                if not _take(child, key.fd, heard, limits):
                    selector.unregister(key.fd)
            if heard.control and not heard.began:
                heard.began = time.monotonic()
                deadline = heard.began + limits.seconds
            elif not heard.expired:
                heard.expired = _limit(heard, limits, left, stop.is_set())
                if heard.expired:
                    with contextlib.suppress(OSError):
                        child.control.shutdown(socket.SHUT_WR)
                    deadline = time.monotonic() + _GRACE
            elif left <= 0:
                return


def _limit(heard: _Heard, limits: Limits, left: float, stopped: bool) -> str:
    """Return the limit that is reached, if any is."""
    if stopped:
        return "stopped"
    if heard.control.count(b"\n") > 1:
        return ""  # it has ended, and what is left only has to be read
    if len(heard.results) >= limits.result:
        return "result"
    if heard.printed > limits.flood:
        return "flood"
    return "" if left > 0 else "time" if heard.began else "patience"


def _take(child: Child, descriptor: int, heard: _Heard, limits: Limits) -> bool:
    """Read once; False where nothing will come any more."""
    try:
        data = os.read(descriptor, _CHUNK)
    except ConnectionResetError:
        return False
    if descriptor == child.control.fileno():
        heard.control += data
    elif descriptor == child.results:
        heard.results += data[: limits.result - len(heard.results)]
    else:
        heard.printed += len(data)
        heard.log += data[: limits.output - len(heard.log)]
    return bool(data)


def _drain(child: Child, heard: _Heard, limits: Limits) -> None:
    """Take what is left in the pipes without waiting for anyone who may hold them open."""
    for descriptor in (child.results, child.log):
        os.set_blocking(descriptor, False)
        with contextlib.suppress(BlockingIOError):
            while _take(child, descriptor, heard, limits):
                pass


def _let_go(child: Child, heard: _Heard) -> None:
    """Close our ends; where a guardian did not answer, end it and its job from here."""
    child.control.close()
    os.close(child.results)
    os.close(child.log)
    if heard.control.count(b"\n") == 1:
        for each in reversed(heard.control.split()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(int(each), signal.SIGKILL)


def _code(heard: _Heard) -> int | None:
    lines = heard.control.split(b"\n")
    return int(lines[1]) if len(lines) > 2 else None


def _ending(expired: str, code: int | None, limits: Limits) -> tuple[Ending, str]:
    """Say what kept the process from its end."""
    known = {
        "time": (Ending.TIMED_OUT, f"the limit of {limits.seconds:g} s ended it"),
        "stopped": (Ending.TIMED_OUT, "interrupted"),
        "patience": (Ending.CRASHED, f"nothing began within {_PATIENCE:g} s"),
        "result": (Ending.INVALID, f"measurements are larger than {limits.result} bytes"),
        "flood": (Ending.FLOODED, f"it printed more than {limits.flood} bytes"),
        -signal.SIGXCPU: (Ending.TIMED_OUT, "the limit of processor time ended it"),
        -signal.SIGKILL: (
            Ending.OUT_OF_MEMORY,
            "killed by the system, as it does when memory runs out",
        ),
    }
    if expired:
        return known[expired]
    if code in known:
        return known[code]
    if code is None:
        return Ending.CRASHED, "the process that watched over it was lost"
    if code < 0:
        return Ending.CRASHED, f"ended by {_signal_name(-code)}"
    return (Ending.CRASHED, f"ended with code {code}") if code else (Ending.MEASURED, "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"
