"""What a run sees before it opens a contract: stamps, and everything that is beside them.

Rules look at sources, receipts, kernels, harnesses, the lifecycle and git. Their files are told by
their stamps; folders that hold other people's or built code are passed by, and a contract whose
text names one of them is never kept (`speaks_of_passed_folders`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from pv.lint.options import Options
from pv.registry.base import find_base
from pv.registry.discover import ContractFile
from pv.registry.known import known
from pv.stamps import stamp_of, stamps_below, tool_digest
from pv.tables import digest_of


class Surroundings:
    """One look at a registry: the files to judge, and what else their findings depend on."""

    def __init__(self, root: Path, files: Sequence[ContractFile], options: Options) -> None:
        self.root = root
        self.files = files
        self.options = options
        self.variant = digest_of(options_text(options))
        """Digest of the options that rules can see."""
        self._found: dict[str, str] = {}
        self._others: list[str] = []
        names = {one.display for one in files}
        for name, stamp, settled in stamps_below(str(root)):
            if name not in names:
                self._others.append(f"{name}\0{stamp}")
            elif settled:
                self._found[name] = stamp

    @cached_property
    def stamps(self) -> Mapping[str, str]:
        """Name of each file to its stamp, empty where that would not tell every change."""
        found = self._found
        return {one.display: found.get(one.display) or stamp_of(one.place) for one in self.files}

    @cached_property
    def digest(self) -> str:
        """Digest of what a run sees beside the text of its contracts."""
        root, options = self.root, self.options
        base = repr(find_base(root, options.base))  # a branch of another name is another base
        days = f"{options.day} {options.utc_day}"
        asked = (options_text(options), days, str(root), base)
        told = known(root, *([f"{options.base}^{{commit}}"] if options.base is not None else []))
        return digest_of(tool_digest(), *asked, told, *self._others)

    @cached_property
    def key(self) -> str:
        """Digest of everything that a run sees; empty where a stamp does not tell."""
        if not all(self.stamps.values()):
            return ""
        return digest_of(self.digest, "\0".join(self.stamps), "\0".join(self.stamps.values()))


def options_text(options: Options) -> str:
    """Return the options that rules can see, the same in every process."""
    shown = options._asdict()
    for name in ("strict", "baseline", "base_place", "selected"):
        del shown[name]  # they count findings that are there already, or say where a value is from
    return repr({name: _ordered(value) for name, value in shown.items()})


def _ordered(value: object) -> object:
    if isinstance(value, Mapping):
        return sorted(value.items())
    return sorted(value) if isinstance(value, frozenset) else value
