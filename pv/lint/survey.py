"""Which files a run is about; nothing of them is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pv.registry.discover import ContractFile, contracts_of, discover
from pv.resources import root_of
from pv.yamlfile.intake import take_bytes, take_text
from pv.yamlfile.problems import Problem


class Survey(NamedTuple):
    """The files of a registry, and those outside of it that were asked for."""

    root: Path
    files: tuple[ContractFile, ...]
    asked: frozenset[str] | None
    """Names of the files asked for; None for the whole registry."""

    @property
    def is_registry(self) -> bool:
        """Whether there is a folder of contracts, beside which something may be kept."""
        return (self.root / "contracts").is_dir()


def survey(paths: Sequence[str], root: Path | None) -> Survey:
    """Return the files of the registry, and those at `paths` where some are named.

    The root is `root`, else the registry around the first path, else the folder of that path.
    Raises UsageError for a path that does not exist.
    """
    base = root_of(paths, root)
    asked = discover(paths, relative_to=base) if paths else ()
    files = {one.display: one for one in (*contracts_of(base), *asked)}
    names = frozenset(one.display for one in asked) if paths else None
    return Survey(base, tuple(files.values()), names)


def text_of(file: ContractFile) -> str:
    """Return the text of a file as it is now, for excerpts; empty where it is gone."""
    data = take_bytes(file.path, file.display)
    return "" if isinstance(data, Problem) else take_text(data, file.display)[0]


class FileTexts(Mapping[str, str]):
    """File name to text, read when it is asked for; the last one is kept at hand."""

    def __init__(self, files: Sequence[ContractFile]) -> None:
        self._files = {one.display: one for one in files}
        self._last = "", ""

    def __getitem__(self, file: str) -> str:
        if self._last[0] != file:
            self._last = file, text_of(self._files[file])
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
