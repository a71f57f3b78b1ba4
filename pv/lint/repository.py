"""What a registry's own code offers to falsifiers: harness files and kernels, found by reading."""

from __future__ import annotations

from pathlib import Path

_HARNESS_FOLDER = "falsifiers"
_KERNEL_FOLDER = "kernels"


def harness_files(root: Path) -> tuple[str, ...]:
    """Return the Python files one or more folders below `falsifiers/`, private ones left out."""
    folder = root / _HARNESS_FOLDER
    return tuple(
        path.relative_to(root).as_posix()
        for path in sorted(folder.glob("*/**/*.py"))
        if not path.name.startswith("_")
    )


def kernel_operations(root: Path) -> tuple[str, ...]:
    """Return the folders of `kernels/` that hold a reference."""
    folder = root / _KERNEL_FOLDER
    return tuple(path.parent.name for path in sorted(folder.glob("*/reference.py")))


def evidence_folders(root: Path) -> tuple[str, ...]:
    """Return the folders of `contracts/evidence/`, one a falsifier."""
    folder = root / "contracts" / "evidence"
    if not folder.is_dir():
        return ()
    return tuple(
        path.relative_to(root).as_posix() for path in sorted(folder.iterdir()) if path.is_dir()
    )
