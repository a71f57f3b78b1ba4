"""The process that jobs are forked from, and the guardian that each of them has.

The template imports libraries once and runs nothing. For each job it forks a guardian, which forks
the job into a session of its own and waits: for its end, or for a word from the other side. Either
way everything that the job started is ended, wherever it went: on Linux the guardian inherits all
orphans below it, also those that left session and process group. Where the other side is gone, for
whatever reason, the guardian ends the job at once.

What is not stopped: a job that kills its guardian and this process on purpose. This is no sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, NoReturn

from pv.discharge.warm import WarmLibraries
from pv.discharge.worker import run_alone

SPAWN: Final = b"S"
"""A job follows: with it come files to read the job from, to write results and prints to, and the
guardian's end of a socket."""
WARM: Final = b"W"
"""The name of a library to keep warm follows."""
LENGTH: Final = 64
"""Bytes of every message, so that none runs into the next; filled up with spaces."""
_FILES: Final = 4
_PULSE: Final = 0.5
_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER
_PARENT_DEATH: Final = 1  # PR_SET_PDEATHSIG
_ROUNDS: Final = 200
_IGNORED: Final = (signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that Python ignores and a program started from it must not."""


def main(control: int) -> NoReturn:
    """Serve until the other side of the control socket is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _adopt_orphans()
    libraries, idle, guardians = WarmLibraries(), ["numpy", "numpy.ma"], set[int]()
    with socket.socket(fileno=control) as here:
        while True:
            _collect(guardians)
            ready, _, _ = select.select([here], [], [], 0 if idle else _PULSE)
            if not ready:
                if idle:
                    libraries.warm(idle.pop(0))  # nobody waits: get ready for who comes
                continue
            message, files, _, _ = socket.recv_fds(here, LENGTH, _FILES, socket.MSG_CMSG_CLOEXEC)
            if not message:
                os._exit(0)
            if message[:1] == WARM:
                idle.append(message[1:].decode().strip())
            elif len(files) == _FILES:
                guardians.add(_spawn(libraries, files, here))


def _collect(guardians: set[int]) -> None:
    """Take leave of guardians that are through, and end what one left that was itself ended."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            guardians.discard(ended)
    _end(each for each in _children() if each not in guardians)


def _spawn(libraries: WarmLibraries, files: list[int], here: socket.socket) -> int:
    guardian = os.fork()
    if guardian == 0:
        try:
            here.close()
            _guard(libraries, *files)
        finally:
            os._exit(1)
    for each in files:
        os.close(each)
    return guardian


def _guard(libraries: WarmLibraries, job: int, results: int, log: int, control: int) -> None:
    """Run one job in a child, tell how it ended, and leave nothing of it behind."""
    os.setsid()
    _adopt_orphans()
    here, guardian = socket.socket(fileno=control), os.getpid()
    child = os.fork()
    if child == 0:
        here.close()
        _become_job(libraries, job, results, log, guardian)
    for each in (job, results, log):
        os.close(each)
    with contextlib.suppress(OSError):
        here.sendall(f"{guardian} {child}\n".encode())
    status = _wait(child, here)
    if status is None:
        _kill_group(child)
        os.kill(child, signal.SIGKILL)  # by itself too: it may not have a group of its own yet
        _, status = os.waitpid(child, 0)
    sweep(child)
    with contextlib.suppress(OSError):
        here.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _wait(child: int, here: socket.socket) -> int | None:
    """Return how the child ended; None where the other side wants it ended, or is gone."""
    if not hasattr(os, "pidfd_open"):
        return _wait_polling(child, here)
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([here.fileno(), handle], [], [])
    finally:
        os.close(handle)
    return os.waitpid(child, 0)[1] if handle in ready else None


def _wait_polling(child: int, here: socket.socket) -> int | None:
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if select.select([here], [], [], 0.02)[0]:
            return None


def _become_job(
    libraries: WarmLibraries, job: int, results: int, log: int, guardian: int
) -> NoReturn:
    """Run the job in this process, which dies with its guardian."""
    code = 1
    try:
        os.setsid()
        _die_with_parent(guardian)
        for each in (signal.SIGINT, *_IGNORED):
            signal.signal(each, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        sys.stdin = os.fdopen(os.dup(nothing), encoding="utf-8")
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)  # a crash keeps what was printed before it
        faulthandler.enable(file=2)  # and says where it was
        with os.fdopen(job, encoding="utf-8") as text:
            asked = json.load(text)
        os.chdir(asked["folder"])
        libraries.hide()
        run_alone(asked, results)
        code = 0
    except BaseException:  # noqa: BLE001 - the outermost frame of a process
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
            ctypes.CDLL(None).fflush(None)  # what libraries printed
        os._exit(code)


def sweep(child: int) -> None:
    """End what a job left behind: its group, its session, and everything that became ours."""
    _kill_group(child)
    for _ in range(_ROUNDS):
        left = [*_children()]
        if not left:
            return
        _end(left)  # what they had started is ours now, so look again until there is nobody


def _end(processes: Iterable[int]) -> None:
    for each in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(each, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(each, 0)


def _children() -> Iterator[int]:
    """Yield the processes whose parent this one is; nothing where the system does not say."""
    me = os.getpid()
    try:
        text = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii")
    except OSError:
        return
    yield from map(int, text.split())


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _adopt_orphans() -> None:
    """Become the parent of everything below that loses its own (Linux; elsewhere nothing)."""
    _control_process(_SUBREAPER, 1)


def _die_with_parent(parent: int) -> None:
    _control_process(_PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _control_process(option: int, value: int) -> None:
    if sys.platform == "linux":
        arguments: list[Any] = [ctypes.c_ulong(each) for each in (value, 0, 0, 0)]
        ctypes.CDLL(None).prctl(option, *arguments)
