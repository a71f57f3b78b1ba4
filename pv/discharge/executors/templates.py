"""The warm processes that jobs are forked from: started once a device, replaced when lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final, NamedTuple

import pv
from pv.discharge.executors.kernel_cache import KernelCache, kernel_cache
from pv.errors import PvError, UsageError

_BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pv.discharge.template import main;"
    " main(int(sys.argv[2]))"
)
_KEPT: Final = ("HOME", "PATH", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME")
_KEPT_FOR_CUDA: Final = ("CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
_PATIENCE: Final = 2.0
_ATTEMPTS: Final = 2
_SPAWN: Final = b"S"
_WARM: Final = b"W"
_LENGTH: Final = 64
"""Bytes of every message (`pv.discharge.template.LENGTH`)."""


class LostError(PvError):
    """The process that starts jobs cannot be had."""

    exit_code = 3


class Child(NamedTuple):
    """Our side of one job: where its results and prints arrive, and who ends it."""

    results: int
    log: int
    control: socket.socket
    """Its guardian: a word or an end from here ends the job; its last line is how it ended."""


class _Template:
    """One warm process."""

    def __init__(self, device: str, environment: Mapping[str, str]) -> None:
        here, there = socket.socketpair()
        self.warm: set[str] = set()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, _package_parent(), str(there.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=(there.fileno(),),
                env={**environment_of(device), **environment},
                start_new_session=True,
            )
        self._control = here

    def send(self, message: bytes, files: tuple[int, ...] = ()) -> bool:
        """Return whether the process is there to take a message."""
        try:
            socket.send_fds(self._control, [message.ljust(_LENGTH)], files)
        except OSError:
            return False
        return self._process.poll() is None

    def close(self) -> str:
        """Let the process go, and return the last line that it printed: what was wrong with it."""
        self._control.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        with self._errors as file:
            file.seek(0)
            lines = file.read().decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no reason told")


class Templates:
    """All warm processes of one run; several threads may ask for children at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[str, _Template] = {}
        self._lock = Lock()
        self._unkept: tempfile.TemporaryDirectory[str] | None = None
        self.cache = KernelCache(None)
        """Where compiled kernels are kept; known as soon as something was started."""
        self.replaced = 0
        """How many warm processes were lost and started anew."""

    def start(self, device: str) -> None:
        """Start the warm process of a device, so that it gets ready while others plan."""
        with self._lock:
            self._of(device)

    def keep_warm(self, device: str, libraries: Sequence[str]) -> None:
        """Keep libraries that a job used ready for the next one."""
        with self._lock:
            template = self._running.get(device)
            if template is None:
                return
            for name in set(libraries) - template.warm:
                template.warm.add(name)
                template.send(_WARM + name.encode())

    def spawn(self, device: str, message: Mapping[str, Any]) -> Child:
        """Fork a job. Raises UsageError for what is no plain data, LostError where none can be."""
        try:
            text = json.dumps(message, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise UsageError(f"parameters are no plain data: {error}") from None
        with self._lock, tempfile.TemporaryFile() as job:
            job.write(text.encode())
            job.flush()
            reason = ""
            for _ in range(_ATTEMPTS):
                job.seek(0)
                child = _fork(self._of(device), job.fileno())
                if child is not None:
                    return child
                reason = self._drop(device)
        raise LostError(f"the process that starts jobs cannot be started: {reason}")

    def replace(self, device: str) -> str:
        """Let a warm process go that did not answer, and return what it said of itself.

        The next job starts another.
        """
        with self._lock:
            return self._drop(device)

    def close(self) -> None:
        """End all warm processes; what they still run ends with its control socket."""
        with self._lock:
            for template in self._running.values():
                template.close()
            self._running.clear()
            if self._unkept:
                self._unkept.cleanup()
                self._unkept = None

    def __enter__(self) -> Templates:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _of(self, device: str) -> _Template:
        if device not in self._running:
            self._running[device] = _Template(device, self._kernel_folder())
        return self._running[device]

    def _kernel_folder(self) -> dict[str, str]:
        """Say where Numba keeps compiled code: never where it would look by itself."""
        if self.cache == KernelCache(None):
            self.cache = kernel_cache(self._root)
        if self.cache.folder is None and self._unkept is None:
            self._unkept = tempfile.TemporaryDirectory(prefix="pv-kernels-")
        folder = self._unkept.name if self._unkept else str(self.cache.folder)
        return {"NUMBA_CACHE_DIR": folder}

    def _drop(self, device: str) -> str:
        template = self._running.pop(device, None)
        self.replaced += template is not None
        return template.close() if template else ""


def _fork(template: _Template, job: int) -> Child | None:
    results, results_there = os.pipe()
    log, log_there = os.pipe()
    control, control_there = socket.socketpair()
    theirs = (job, results_there, log_there, control_there.fileno())
    try:
        taken = template.send(_SPAWN, theirs)
    finally:
        os.close(results_there)
        os.close(log_there)
        control_there.close()
    if taken:
        return Child(results, log, control)
    os.close(results)
    os.close(log)
    control.close()
    return None


def _package_parent() -> str:
    return str(Path(pv.__file__).resolve().parent.parent)


def environment_of(device: str) -> dict[str, str]:
    """Return the environment of jobs: nothing inherited that could change what they compute."""
    kept = _KEPT + (_KEPT_FOR_CUDA if device == "cuda" else ())
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )  # one thread: the order of sums, and so every bit, repeats on any machine of this kind
    environment |= {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", **threads}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # a run leaves nothing beside its harness
    if device == "sim":
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    return environment
