"""Runs a job in a child process with limits, and says by name how it ended.

The child has its own session, so that a timeout ends it with everything it started; a minimal
environment; the job on a stdin that then closes; and one pipe that carries results and nothing
else. What it prints is kept up to a limit and never parsed.
"""

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
from threading import Event
from typing import Any, Final, NamedTuple

import pv
from pv.discharge.job import SOUND, Ending, Job, Returned, Step, companion_step, control_step
from pv.errors import UsageError
from pv.model.measurement import Measurements

_BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pv.discharge.worker import main; main()"
)
_KEPT: Final = ("HOME", "PATH", "TMPDIR")
_KEPT_FOR_CUDA: Final = ("CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
_CHUNK: Final = 1 << 16
_CPU_SLACK: Final = 10
_PULSE: Final = 0.5
_GRACE: Final = 5.0
"""Seconds for a child to leave after its last result."""


def run_job(job: Job, stop: Event | None = None) -> Returned:
    """Run the sound run, the controls and the companions of one falsifier in one child.

    Setting `stop` ends the child; what came back until then is returned.
    """
    started = time.monotonic()
    read_end, write_end = os.pipe()
    child = _start(job, write_end)
    os.close(write_end)
    try:
        _give(child, job, write_end)
        heard = _listen(child, read_end, job, started + job.limits.seconds, stop or Event())
    finally:
        _end_group(child)
        os.close(read_end)
    return _assemble(job, heard, child.returncode, time.monotonic() - started)


def _start(job: Job, write_end: int) -> subprocess.Popen[bytes]:
    package_parent = str(Path(pv.__file__).resolve().parent.parent)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _BOOT, package_parent],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(write_end,),
        cwd=job.root,
        env=_environment(job.device),
        start_new_session=True,
    )


def _environment(device: str) -> dict[str, str]:
    """Return the child's environment: nothing inherited that could change what it computes."""
    kept = _KEPT + (_KEPT_FOR_CUDA if device == "cuda" else ())
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )  # one thread: the order of sums, and so every bit, repeats on any machine of this kind
    environment |= {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", **threads}
    if device == "sim":
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    return environment


def _give(child: subprocess.Popen[bytes], job: Job, write_end: int) -> None:
    """Send the job; a child that died before reading it shows in how it ended."""
    assert child.stdin is not None  # noqa: S101 - it was asked for as a pipe
    message = _message(job, write_end)
    try:
        text = json.dumps(message, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{job.falsifier.id}: parameters are no plain data: {error}") from None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(text.encode())
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()


def _message(job: Job, write_end: int) -> dict[str, Any]:
    falsifier = job.falsifier
    sound = {"harness": falsifier.binding.text, "parameters": dict(falsifier.parameters)}
    controls = (*falsifier.controls, *falsifier.green_controls)
    memory = 0 if job.device == "cuda" else job.limits.memory + _size(job.model_path)
    demand = falsifier.models.require if falsifier.models and job.model_path else {}
    return {
        "results": write_end,
        "root": str(job.root),
        "device": job.device,
        "model": str(job.model_path) if job.model_path else None,
        "require": dict(demand),
        "memory": memory,  # cuda maps far more address space than it uses, so it has no such limit
        "seconds": job.limits.seconds,
        "cpu_seconds": job.limits.seconds * (os.cpu_count() or 1) + _CPU_SLACK,
        "steps": [
            {"name": SOUND, "fault": None, **sound},
            *({"name": control_step(name), "fault": name, **sound} for name in controls),
            *(
                {
                    "name": companion_step(each.name),
                    "fault": None,
                    "harness": each.harness,
                    "parameters": dict(each.parameters),
                }
                for each in falsifier.beside
            ),
        ],
    }


def _size(path: Path | None) -> int:
    return path.stat().st_size if path else 0


class _Heard(NamedTuple):
    """What came through both pipes, and the limit that ended the listening (empty: none)."""

    results: bytes
    log: bytes
    expired: str


def _listen(
    child: subprocess.Popen[bytes], read_end: int, job: Job, deadline: float, stop: Event
) -> _Heard:
    """Read both pipes until the child closes its results or a limit ends it."""
    assert child.stdout is not None  # noqa: S101 - it was asked for as a pipe
    log_end, results, log = child.stdout.fileno(), bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(read_end, selectors.EVENT_READ, (results, job.limits.result))
        selector.register(log_end, selectors.EVENT_READ, (log, job.limits.output))
        while read_end in selector.get_map():
            events = selector.select(max(0.0, min(_PULSE, deadline - time.monotonic())))
            if not events and child.poll() is not None:
                break  # only something that it left behind still holds the pipe
            for key, _ in events:
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fd)
                kept, limit = key.data
                kept += data[: limit - len(kept)]
            if stop.is_set() or time.monotonic() >= deadline:
                return _Heard(bytes(results), bytes(log), "time")
            if len(results) >= job.limits.result:
                return _Heard(bytes(results), bytes(log), "result")
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    _drain(log_end, log, job.limits.output)
    return _Heard(bytes(results), bytes(log), "")


def _drain(descriptor: int, kept: bytearray, limit: int) -> None:
    """Take what is left in the pipe without waiting for anyone who still holds it open."""
    os.set_blocking(descriptor, False)
    with contextlib.suppress(BlockingIOError):
        while data := os.read(descriptor, _CHUNK):
            kept += data[: limit - len(kept)]


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child and everything it started in its session; nothing else is touched."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _assemble(job: Job, heard: _Heard, code: int, seconds: float) -> Returned:
    """Turn the lines that arrived into steps; a torn last line is no result."""
    steps: list[Step] = []
    sources: Mapping[str, str] = {}
    environment: Mapping[str, Any] = {}
    at, finished = "start", False
    for line in heard.results.split(b"\n")[:-1]:
        message = json.loads(line)
        if "started" in message:
            at = message["started"]
        elif "step" in message:
            steps.append(_step(message))
        elif "sources" in message:
            sources = message["sources"]
        else:
            environment, finished = message["environment"], True
    ending, reason = (Ending.MEASURED, "") if finished else _ending(job, heard.expired, code)
    text = heard.log.decode("utf-8", "replace")
    return Returned(tuple(steps), ending, reason, at, sources, environment, seconds, text)


def _step(message: Mapping[str, Any]) -> Step:
    ending = Ending(message["ending"])
    if ending is not Ending.MEASURED:
        return Step(message["step"], ending, message["reason"])
    try:
        measured = Measurements.from_data(message["measurements"])
    except (KeyError, TypeError) as error:
        reason = f"measurements are incomplete: {type(error).__name__} {error}"
        return Step(message["step"], Ending.INVALID, reason)
    return Step(message["step"], ending, measurements=measured)


def _ending(job: Job, expired: str, code: int) -> tuple[Ending, str]:
    """Say what kept the child from its end."""
    known = {
        "time": (Ending.TIMED_OUT, f"the limit of {job.limits.seconds:g} s ended it"),
        "result": (Ending.INVALID, f"measurements are larger than {job.limits.result} bytes"),
        -signal.SIGXCPU: (Ending.TIMED_OUT, "the limit of processor time ended it"),
        -signal.SIGKILL: (
            Ending.OUT_OF_MEMORY,
            "killed by the system, as it does when memory runs out",
        ),
    }
    if (expired or code) in known:
        return known[expired or code]
    if code < 0:
        return Ending.CRASHED, f"ended by {signal.Signals(-code).name}"
    return Ending.CRASHED, f"the process ended with code {code} before it had answered"
