"""What a run rested on: the project's sources it imported or read, and where it ran."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pv.discharge.machine import libraries, surroundings

_LINKED: Final = ("kernels", "falsifiers")
_PACKAGES: Final = ("numpy", "numba", "llvmlite", "gguf", "numba_cuda")
_VERSION: Final = "pv/__init__.py"
"""Holds the version alone, which a receipt records by itself: a release makes nothing stale."""
_NO_SOURCE: Final = (".pyc", ".so", ".nbi", ".nbc")


class Footprint:
    """Collects the project files that this process uses, by project path.

    `kernels/…` and `falsifiers/…` have the same names in a checkout and in an installed wheel.
    Files outside package and registry (the model, libraries, system files) are no sources. A file
    is hashed when it is first seen, so that what a step changes later is not taken for what it ran.
    """

    def __init__(self, package: Path, root: Path) -> None:
        own = os.path.realpath(root)
        self._places = [
            (f"{os.path.realpath(package)}{os.sep}", "pv/"),
            # in a checkout the package holds links to them
            *((f"{os.path.realpath(package / each)}{os.sep}", f"{each}/") for each in _LINKED),
            (f"{own}{os.sep}", ""),
        ]
        self._read: set[str] = set()
        self._seen: dict[str, tuple[str, str] | None] = {}

    def watch_files(self, except_for: str | None) -> None:
        """Note every file of the project that is opened for reading from now on.

        So data that stands beside a harness is a source like the harness itself.
        """
        skipped = os.path.realpath(except_for) if except_for else ""

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event != "open" or not isinstance(arguments[0], str):
                return
            _, mode, flags = arguments
            if flags & (os.O_WRONLY | os.O_RDWR) or (isinstance(mode, str) and "w" in mode):
                return
            if not arguments[0].endswith(_NO_SOURCE) and arguments[0] != skipped:
                self._read.add(str(Path(arguments[0]).absolute()))  # it may change its folder

        sys.addaudithook(hook)

    def sources(self) -> dict[str, str]:
        """Return project path to sha256 for every source used so far, in order of names."""
        found: dict[str, str] = {}
        for path in sorted({real_path(file) for file in (*self._imported(), *list(self._read))}):
            if path not in self._seen:
                self._seen[path] = self._hashed(path)
            if (source := self._seen[path]) is None:
                continue
            name, digest = source
            if found.get(name, digest) != digest:  # the registry and the package each have one
                name += " (second of this name)"
            found[name] = digest
        return dict(sorted(found.items()))

    @staticmethod
    def _imported() -> Iterator[str]:
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.endswith(".py"):
                yield file

    def _hashed(self, path: str) -> tuple[str, str] | None:
        """Return project path and sha256 of a resolved file; None where it is no source."""
        name = self._name(path)
        if not name or name == _VERSION:
            return None
        try:
            data = Path(path).read_bytes()
        except OSError:  # gone again, or a folder
            return None
        return name, hashlib.sha256(data).hexdigest()

    def _name(self, path: str) -> str | None:
        """Return the project path of a resolved file, None where it is not part of the project."""
        for place, shown in self._places:
            if not path.startswith(place):
                continue
            parts = Path(path[len(place) :]).parts
            if shown:
                packed = shown == "pv/" and parts[0] in _LINKED
                return "/".join(parts) if packed else shown + "/".join(parts)
            if "site-packages" not in parts and not any(part.startswith(".") for part in parts):
                return "/".join(parts)
        return None


@cache
def real_path(file: str) -> str:
    """Return where a file really is; one process asks the disk once for each name and folder."""
    folder, name = os.path.split(file)
    if name in ("", ".", ".."):
        return os.path.realpath(file)
    path = os.path.join(_real_folder(folder), name)  # noqa: PTH118 - hundreds of names a run
    return os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114 - as above


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def environment(
    device: str,
    facts: Mapping[str, str] | None = None,
    outside: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return where this process ran: versions, processor and device class, never a host name.

    `facts` describe a real device: its name, capability and driver. `outside` is what answered that
    is neither of the project nor of this process.
    """
    oracles = libraries()
    return {
        **({"accelerator": dict(facts)} if facts else {}),
        **({"libraries": oracles} if oracles else {}),
        **({"outside": dict(outside)} if outside else {}),
        "python": platform.python_version(),
        "packages": {
            name: str(getattr(sys.modules[name], "__version__", "unknown"))
            for name in _PACKAGES
            if name in sys.modules
        },
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "threads": int(os.environ.get("OMP_NUM_THREADS", "0")),
        "device": {"sim": "cuda-simulator"}.get(device, device),
        "surroundings": surroundings(),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - read as it comes
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
