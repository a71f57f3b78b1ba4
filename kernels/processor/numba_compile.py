"""Compilation for this processor, kept between processes, and which vector code it can run.

Numba keeps compiled code by the file that holds a function. A kernel here may be built from parts
of other files, so the digest of all compiled kernels' sources is part of every key: after an edit
anywhere among them nothing old is run.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
from numba import njit
from numba.core import config
from numba.core.caching import FunctionCache

from pv.errors import MissingError

VECTOR_FEATURES = ("avx2", "fma", "f16c")
"""What the vector kernels are written for; LLVM aborts the process where it cannot select them."""


def compiled(*signatures: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles for `signatures` at once, or takes the code kept before.

    Compiled code is kept where Numba keeps it (`NUMBA_CACHE_DIR`, else beside the source, else in
    the user's cache). It is run as it is found, so a folder that somebody may write who may not
    write the sources is not used; where nothing can be kept it is compiled in every process.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = njit(**options)(function)
        with suppress(RuntimeError):  # no folder that can be written
            kept = _KeptCode(function)
            if _is_private(Path(kept.cache_path), Path(inspect.getfile(function)).parent):
                dispatcher._cache = kept  # noqa: SLF001 - where Numba's own option puts it
        for signature in signatures:
            dispatcher.compile(signature)
        if signatures:  # else they come one by one, when they are needed
            dispatcher.disable_compile()
        return dispatcher

    return decorate


@cache
def has_vectors() -> bool:
    """Whether compiled code may use AVX2, FMA and F16C.

    Numba's own settings count (`NUMBA_CPU_NAME=generic`, `NUMBA_CPU_FEATURES`): what it is told not
    to use cannot be compiled, on whatever processor.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    told = config.CPU_FEATURES
    if told is None and config.CPU_NAME is not None:
        return False  # another processor than this one: its features are not known here
    if told is not None:
        return all(f"+{feature}" in told.split(",") for feature in VECTOR_FEATURES)
    try:
        present = llvm.get_host_cpu_features()
    except RuntimeError:
        return False
    return all(present.get(feature, False) for feature in VECTOR_FEATURES)


def takes_vectors(operation: str, asked: bool | None, there: bool = True) -> bool:
    """Whether an operation takes its vector code: as asked, by default where it can.

    `there` says whether the operation has vector code for what is wanted of it.

    Raises:
        MissingError: vectors are asked for, and the operation or the processor has none.
    """
    if asked is False:
        return False
    can = there and has_vectors()
    if asked and not can:
        why = (
            f"this processor lacks one of {', '.join(VECTOR_FEATURES)}" if there else "none exists"
        )
        raise MissingError(
            f"vector code of {operation}: {why}",
            advice="leave `vectors` out: loops give the same bits",
        )
    return can


def _is_private(folder: Path, sources: Path) -> bool:
    """Whether only those may write to `folder` who may write to `sources`, or its owner, us."""
    if not hasattr(os, "geteuid"):
        return True  # no owners in this sense: the user's own folders
    try:
        kept, source = folder.stat(), sources.stat()
    except OSError:
        return False
    others = stat.S_IWGRP | stat.S_IWOTH
    same_group = kept.st_gid == source.st_gid
    shared = source.st_mode & (others if same_group else stat.S_IWOTH)
    return kept.st_uid in (os.geteuid(), source.st_uid) and not kept.st_mode & others & ~shared


@cache
def _sources_digest() -> str:
    """Return the digest of all compiled kernels' sources."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for pattern in (
        "numba_*.py",
        "../*/numba_cpu.py",
        "../*/numba_avx2.py",
        "../*/numba_unpack.py",
    ):
        for path in sorted(here.glob(pattern)):
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


class _KeptCode(FunctionCache):  # type: ignore[misc]  # Numba ships no types
    """Numba's cache of one function, keyed by all our sources, and never a reason to fail."""

    def _index_key(self, signature: Any, codegen: Any) -> Any:
        return (*super()._index_key(signature, codegen), _sources_digest())

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(signature, target_context)
        except Exception:  # noqa: BLE001 - whatever a damaged file makes pickle raise
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        with suppress(OSError):  # a full or read-only disk: compiled again next time
            super().save_overload(signature, data)
