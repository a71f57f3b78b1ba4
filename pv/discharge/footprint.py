"""What a run rested on: the project's sources it imported or read, and where it ran."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

_LINKED: Final = ("kernels", "falsifiers")
_PACKAGES: Final = ("numpy", "numba", "llvmlite", "gguf", "numba_cuda")
_VERSION: Final = "pv/__init__.py"
"""Holds the version alone, which a receipt records by itself: a release makes nothing stale."""
_NO_SOURCE: Final = (".pyc", ".so", ".nbi", ".nbc")


class Footprint:
    """Collects the project files that this process uses, by project path.

    `kernels/…` and `falsifiers/…` have the same names in a checkout and in an installed wheel.
    Files outside package and registry (the model, libraries, system files) are no sources.
    """

    def __init__(self, package: Path, root: Path) -> None:
        self._package = package
        self._root = root.resolve()
        self._read: set[str] = set()

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
                self._read.add(arguments[0])

        sys.addaudithook(hook)

    def sources(self) -> dict[str, str]:
        """Return project path to sha256 for every source used so far, in order of names."""
        found: dict[str, str] = {}
        files = {os.path.realpath(file) for file in (*self._imported(), *self._read)}
        for path in map(Path, sorted(files)):
            name = self._name(path)
            if not name or name == _VERSION or not path.is_file():
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
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

    def _name(self, path: Path) -> str | None:
        """Return the project path of a resolved file, None where it is not part of the project."""
        if path.is_relative_to(self._package):
            parts = path.relative_to(self._package).parts
            return "/".join(parts if parts[0] in _LINKED else ("pv", *parts))
        for folder in _LINKED:  # in a checkout the package holds links to them
            if path.is_relative_to(target := (self._package / folder).resolve()):
                return "/".join((folder, *path.relative_to(target).parts))
        if path.is_relative_to(self._root):
            parts = path.relative_to(self._root).parts
            if "site-packages" not in parts and not any(part.startswith(".") for part in parts):
                return "/".join(parts)
        return None


def environment(device: str, facts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return where this process ran: versions, processor and device class, never a host name.

    `facts` describe a real device: its name, capability and driver.
    """
    return {
        **({"accelerator": dict(facts)} if facts else {}),
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
