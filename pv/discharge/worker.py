"""What a job's process does: runs one harness soundly, under each planted fault, and beside it.

Every result goes back as one JSON line on a pipe of its own, so that nothing a harness prints can
be taken for a result. All steps share one process and one `shared` dict, so inputs and reference
sides are computed once. Imports stay few: what this module imports counts among the sources that a
receipt rests on.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, NoReturn, TypeAlias

from pv.discharge.footprint import Footprint, environment
from pv.discharge.machine import contents
from pv.errors import BadInputError, MissingError, PvError, UsageError
from pv.falsifiers.interface import ANSWERED, Run
from pv.model.measurement import Measurements

Harness: TypeAlias = Callable[[Run], object]
_ALARM_SLACK: Final = 10
_PACKAGE: Final = Path(__file__).resolve().parent.parent
_ALLOCATOR: Final = {-3: 64 << 20, -1: 512 << 20, -8: 1}
"""Options of glibc's allocator (malloc.h): M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX."""


def run_alone(job: dict[str, Any], results: int) -> None:
    """Run a job in this process, which is its own; results go as lines to a file descriptor."""
    _limit(job)
    os.environ.update(job.get("environment", {}))
    with os.fdopen(results, "w", encoding="utf-8") as lines:
        _KINDS[job["kind"]](job, lines)


def _run_harness(job: dict[str, Any], results: IO[str]) -> None:
    _reuse_memory()
    footprint = Footprint(_PACKAGE, Path(job["root"]))
    footprint.watch_files(except_for=job["model"])
    outside, shared = contents(job["environment"]), dict[str, Any]()
    ready = _ready(job, results)
    for step in job["steps"] if ready else ():
        send(results, {"started": step["name"]})
        send(results, _outcome(job, step, {} if step.get("anew") else shared))
        send(results, {"sources": footprint.sources()})
    answered = outside | shared.get(ANSWERED, {})
    send(results, {"environment": environment(job["device"], job.get("device_facts"), answered)})


def _run_pytest(job: dict[str, Any], results: IO[str]) -> None:
    from pv.discharge.runners.pytest_session import run_node  # noqa: PLC0415 - where asked for

    footprint = Footprint(_PACKAGE, Path(job["root"]))
    footprint.watch_files(except_for=None)
    send(results, run_node(job["node"], Path(job["root"])))
    send(results, {"sources": footprint.sources()})
    send(results, {"environment": environment(job["device"])})


def _run_program(job: dict[str, Any], results: IO[str]) -> None:
    """Become the program that the job names; what it prints is all that comes back of it."""
    name = job["argv"][0]
    send(results, {"environment": environment(job["device"])})
    try:
        os.execvp(name, job["argv"])  # noqa: S606 - an argument list, and no shell
    except FileNotFoundError:
        send(results, {"missing": f"program {name!r} is not installed"})
    except OSError as error:
        send(results, {"missing": f"program {name!r} cannot be run: {error.strerror}"})


_KINDS: Final[Mapping[str, Callable[[dict[str, Any], IO[str]], None]]] = {
    "harness": _run_harness,
    "pytest": _run_pytest,
    "program": _run_program,
}


def _ready(job: dict[str, Any], results: IO[str]) -> bool:
    """Whether device and model are what the job asks for; else every step ends with the reason."""
    try:
        if job["device"] == "cuda":
            from pv.discharge.cuda_driver import first_device  # noqa: PLC0415 - where asked for

            job["device_facts"] = first_device()
        if job["require"]:
            from pv.discharge.requirement import check_requirement  # noqa: PLC0415 - live runs only

            check_requirement(Path(job["model"]), job["require"])
    except PvError as error:
        ending = "missing" if isinstance(error, MissingError) else "bad input"
        for step in job["steps"]:
            send(results, _ended(step, ending, _told(error)))
        return False
    return True


def _limit(job: Mapping[str, Any]) -> None:
    """Set the limits of this process; children that it starts inherit them.

    What libraries had mapped before the job began does not count against its memory.
    """
    if job["memory"]:
        most = job["memory"] + _mapped()
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    seconds = int(job["cpu_seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(int(job["seconds"]) + _ALARM_SLACK)  # also where nobody is left to end it


def _reuse_memory() -> None:
    """Let arrays that are made and dropped take the same pages again, whichever thread makes them.

    By default each array of a megabyte is mapped anew, and the system clears its pages: a tenth of
    a run over a model. What is larger than any activation is mapped and given back as ever.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another system's allocator has its own ways
        return
    for option, value in _ALLOCATOR.items():
        mallopt(option, value)


def _mapped() -> int:
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def send(results: IO[str], message: Mapping[str, Any]) -> None:
    """Write one message as one line."""
    results.write(json.dumps(message, default=_plain) + "\n")
    results.flush()


def _plain(value: Any) -> Any:
    """Turn a NumPy scalar or array into the plain number or list that it holds."""
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"a {type(value).__name__} is no number")


def _outcome(
    job: Mapping[str, Any], step: Mapping[str, Any], shared: dict[str, Any]
) -> dict[str, Any]:
    """Run one step; every way it can end has its own name."""
    try:
        data = _measure(job, step, shared).to_data()
        _check_plain(data)
    except MissingError as error:
        return _ended(step, "missing", _told(error))
    except PvError as error:
        return _ended(step, "bad input", _told(error))
    except MemoryError:
        return _ended(step, "out of memory", "the memory limit was reached")
    except _InvalidMeasurementError as error:
        return _ended(step, "invalid measurement", str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a harness may raise anything
        traceback.print_exc()
        sys.stderr.flush()
        return _ended(step, "crash", _described(error, Path(job["root"])))
    return {"step": step["name"], "ending": "measured", "measurements": data}


def _ended(step: Mapping[str, Any], ending: str, reason: str) -> dict[str, Any]:
    return {"step": step["name"], "ending": ending, "reason": reason}


def _told(error: PvError) -> str:
    """Return place, message and advice in one line."""
    return " ".join(error.explain().split())


def _described(error: BaseException, root: Path) -> str:
    """Return an exception in one line with the place in the source where it was raised.

    Source that cannot be compiled has no frame of its own: there the error itself knows the place.
    """
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError) and error.filename:
        text = error.msg
        place = f" at {_shown(error.filename, root)}:{error.lineno}:{error.offset}"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {_shown(frames[-1].filename, root)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {text[:300]}{place}"


def _shown(file: str, root: Path) -> str:
    """Return a file as people know it: by its place in the registry, else by its name."""
    path = Path(os.path.realpath(file))
    home = root.resolve()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def _check_plain(data: Mapping[str, Any]) -> None:
    """Raise where measurements hold something that is no number, text or list."""
    try:
        json.dumps(data, default=_plain)
    except (TypeError, ValueError) as error:
        raise _InvalidMeasurementError(f"measurements are no plain data: {error}") from None


class _WatchedRun(Run):
    """A run that knows whether its harness asked where to run.

    What a harness computes on the cpu is never recorded as a result of another device.
    """

    device_asked = False

    def __getattribute__(self, name: str) -> Any:
        if name == "device":
            object.__setattr__(self, "device_asked", True)
        return super().__getattribute__(name)


class _InvalidMeasurementError(Exception):
    """What a harness returned is no measurement."""


def _measure(
    job: Mapping[str, Any], step: Mapping[str, Any], shared: dict[str, Any]
) -> Measurements:
    harness = load_harness(Path(job["root"]), step["harness"])
    run = _WatchedRun(
        parameters=step["parameters"],
        device=job["device"],
        model=Path(job["model"]) if job["model"] else None,
        fault=step["fault"],
        shared=shared,
    )
    measured = harness(run)
    if job["device"] != "cpu" and not run.device_asked:
        raise MissingError(
            f"{step['harness']} has no {job['device']} form: it never asks for the device",
            advice="run it with --device cpu",
        )
    if not isinstance(measured, Measurements):
        raise _InvalidMeasurementError(
            f"{step['harness']} returned {type(measured).__name__}, expected Measurements"
        )
    return measured


def load_harness(root: Path, reference: str) -> Harness:
    """Return the function that a reference `path.py::function` names.

    A file of the registry comes first; where it is ours, or the registry has none of that name,
    the module of the installed package is used. Raises UsageError where nothing can be loaded.
    """
    path, separator, name = reference.partition("::")
    if not separator or not path.endswith(".py") or not name.isidentifier():
        raise UsageError(f"harness {reference!r}: expected path/to/module.py::function")
    module = _module(root, path)
    function = getattr(module, name, None)
    if not callable(function):
        raise UsageError(f"harness {reference}: no function {name} in {path}")
    harness: Harness = function
    return harness


def _module(root: Path, path: str) -> object:
    parts = Path(path).parts
    if Path(path).is_absolute() or ".." in parts or path.startswith("-"):
        raise UsageError(f"harness {path}: expected a path inside the registry")
    own, packaged = root / path, _PACKAGE / path
    if packaged.is_file() and (not own.exists() or own.samefile(packaged)):
        return importlib.import_module("pv." + path.removesuffix(".py").replace("/", "."))
    if not own.is_file():
        raise UsageError(f"harness {path}: no such file under {root}")
    if not own.resolve().is_relative_to(root.resolve()):
        raise BadInputError(f"harness {path}: leads out of the registry")
    return _registry_module(root, path, own)


def _registry_module(root: Path, path: str, file: Path) -> object:
    """Load a file of a registry that is not ours; it may import its neighbours by their path."""
    name = path.removesuffix(".py").replace("/", ".")
    if name in sys.modules:
        return sys.modules[name]
    if str(root) not in sys.path:
        sys.path.append(str(root))
    specification = importlib.util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None:
        _unloadable(path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _unloadable(path: str) -> NoReturn:
    raise UsageError(f"harness {path}: not a Python module")
