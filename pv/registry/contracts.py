"""All contracts under a registry root, each read alone: a bad file spoils only itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pv.model.contract import Contract, Falsifier
from pv.registry.discover import ContractFile, contracts_of
from pv.yamlfile.decode import Decoded, decode
from pv.yamlfile.read import Document, read_file


@dataclass(frozen=True, slots=True)
class Loaded:
    """One contract file: what could be read of it, and why it cannot be relied on."""

    file: str
    contract: Contract | None
    fault: str
    """Why the file as a whole is refused; empty where it is sound YAML and a mapping."""
    decoded: Decoded | None = None

    def fault_of(self, falsifier: Falsifier) -> str:
        """Return why an entry cannot be relied on: the first fault at or below it, else empty."""
        faults = self.decoded.faults_under(falsifier.path) if self.decoded else ()
        if not faults:
            return ""
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return f"{faults[0].span}: {faults[0].message}{more}"


def load_contracts(root: Path, mention: Sequence[str] = ()) -> tuple[Loaded, ...]:
    """Read and decode the contracts of a registry.

    With `mention` only files that hold at least one of these texts are decoded; the others cannot
    define what is looked for, and reading them stays cheap.
    """
    return tuple(load_contract(each) for each in _mentioning(root, mention))


def load_contract(file: ContractFile) -> Loaded:
    """Read and decode one contract of a registry."""
    return _loaded(read_file(file.path, file.display))


def _mentioning(root: Path, mention: Sequence[str]) -> Iterator[ContractFile]:
    wanted = [text.encode() for text in mention]
    for each in contracts_of(root):
        if not wanted or _mentions(each.path, wanted):
            yield each


def _mentions(path: Path, wanted: Sequence[bytes]) -> bool:
    """Whether a file may hold one of the texts; one that cannot be read is left to the reader."""
    try:
        content = path.read_bytes()
    except OSError:
        return True
    return any(text in content for text in wanted)


def _loaded(document: Document) -> Loaded:
    if not document.sound:
        first = document.problems[0]
        return Loaded(document.file, None, f"{first.span}: {first.message}")
    decoded = decode(document)
    if decoded.contract is None:
        fault = decoded.problems[0]
        return Loaded(document.file, None, f"{fault.span}: {fault.message}", decoded)
    return Loaded(document.file, decoded.contract, "", decoded)
