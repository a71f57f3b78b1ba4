"""The process that jobs are forked from, started before anything else is imported here.

It takes as long to start as the command line takes to be understood and a run to be planned, so
both are done at once. Where the words of the command leave open what it would be, nothing begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pv.errors import PvError
from pv.resources import find_root

if TYPE_CHECKING:
    from pv.discharge.executors.templates import Templates

_DEVICE: Final = "cpu"
_ROOT: Final = "--root"
_OTHERWISE: Final = ("--device", "--dry-run", "--help")
"""Options with which another process is started, or none."""

_begun: dict[Path, Templates] = {}
"""By root of the registry; it is taken out by whom it was begun for."""


@contextmanager
def begun(arguments: Sequence[str]) -> Iterator[None]:
    """Start the process for a command line that will run jobs; whatever is left of it is ended."""
    if arguments[:1] == ["discharge"] and not any(map(_is_otherwise, arguments)):
        _begin(_root_in(arguments))
    try:
        yield
    finally:
        while _begun:
            _begun.popitem()[1].close()


def taken(root: Path, device: str) -> Templates:
    """Return the warm processes of a registry with that of a device: begun already, or now."""
    from pv.discharge.executors.templates import Templates

    templates = _begun.pop(root, None) or Templates(root)
    templates.start(device)
    return templates


def _is_otherwise(word: str) -> bool:
    return word.startswith(_OTHERWISE)


def _root_in(arguments: Sequence[str]) -> Path | None:
    """Return the root that the words name; the command itself reads them again, with care."""
    for word, following in pairwise((*arguments, "")):
        option, equals, value = word.partition("=")
        if option == _ROOT:
            return Path(value if equals else following)
    return None


def _begin(given: Path | None) -> None:
    try:
        root = find_root(given)
        _begun[root] = taken(root, _DEVICE)
    except (PvError, OSError):
        return  # the command will come to the same and tell it
