"""What runs below a process, asked of the system."""

from __future__ import annotations

from pathlib import Path


def below(process: int) -> set[int]:
    """Return all descendants of a process; orphans that others adopted are not found here."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return set()
    children = {int(each) for each in text.split()}
    return children.union(*map(below, children))


def alive(process: int) -> bool:
    """Whether a process runs; one that was ended and waits to be collected does not."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text.rpartition(") ")[2][0] != "Z"


def resident(process: int) -> int:
    """Return the resident memory of a process in KiB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
