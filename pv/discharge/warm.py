"""Libraries imported once and handed to every process forked from here, as if each imported them.

What is warm is hidden from a job until the job imports it itself. So a run that never asks for a
library does not see it, records only what it used, and is the same run in a warm process and in a
fresh one.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from pv.discharge.footprint import real_path

_MODULES: Final[Mapping[str, Sequence[str]]] = {
    "numpy": ("numpy", "numpy.random"),
    "numpy.ma": ("numpy.ma",),
    "numba": ("numba",),
    "gguf": ("gguf",),
    "pytest": ("pytest", "_pytest.junitxml", "_pytest.terminal"),
}
"""What is imported for each library that can be kept warm."""
_NEEDS: Final[Mapping[str, Sequence[str]]] = {
    "numpy.ma": ("numpy",),
    "numba": ("numpy",),
    "gguf": ("numpy",),
}


class WarmLibraries:
    """The libraries of one process that only forks and never runs a job itself."""

    def __init__(self) -> None:
        self._groups: dict[str, frozenset[str]] = {}
        """Library to the top-level names that came with it."""

    def warm(self, library: str) -> None:
        """Import a library, unless it is warm or not here; nothing else may import in between."""
        if library in self._groups or library not in _MODULES:
            return
        for needed in _NEEDS.get(library, ()):
            self.warm(needed)
        before = _roots()
        gc.disable()  # hardly anything of an import is garbage, and looking for it takes a tenth
        try:
            for name in _MODULES[library]:
                importlib.import_module(name)
        except ImportError:
            return  # the job that needs it will say so
        finally:
            gc.freeze()  # what is here stays: a forked process need not touch its pages to count it
            gc.enable()
        self._groups[library] = frozenset(_roots() - before)
        for module in list(sys.modules.values()):
            if isinstance(file := getattr(module, "__file__", None), str):
                real_path(file)

    def hide(self) -> None:
        """Take the warm libraries out of sight; an import brings one back with what it needs."""
        if self._groups:
            sys.meta_path.insert(0, _Hidden(self._groups))


class _Hidden(MetaPathFinder, Loader):
    """Holds the modules of warm libraries until somebody imports one of them."""

    def __init__(self, groups: Mapping[str, frozenset[str]]) -> None:
        self._group_of = {root: library for library, roots in groups.items() for root in roots}
        self._groups = groups
        names = [name for name in sys.modules if _root(name) in self._group_of]
        self._kept = {name: sys.modules.pop(name) for name in names}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol's signature
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's signature
    ) -> ModuleSpec | None:
        """Return a specification for a module that is kept here."""
        return ModuleSpec(fullname, self) if fullname in self._kept else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002 - the protocol's signature
        """Leave it to the import system: what it makes gives way to the module that is kept."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the kept module, with all that belongs to it, in place of the empty one."""
        root = _root(module.__name__)
        library = self._group_of[root]
        self._restore([library, *_NEEDS.get(library, ())] if root == library else [], root)

    def _restore(self, libraries: Iterable[str], root: str) -> None:
        roots = {root}.union(*(self._groups.get(each, frozenset()) for each in libraries))
        for name in [each for each in self._kept if _root(each) in roots]:
            sys.modules[name] = self._kept.pop(name)
        if "numpy" in roots and "numpy.random" in sys.modules:
            # As after an import of its own: no two processes draw the same unseeded numbers.
            sys.modules["numpy.random"].seed()


def _root(name: str) -> str:
    return name.partition(".")[0]


def _roots() -> set[str]:
    return {_root(name) for name in sys.modules} - sys.stdlib_module_names
