"""All contracts under a registry root, each read alone: a bad file spoils only itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pv.model.contract import Contract, Falsifier
from pv.yamlfile.decode import Decoded, decode
from pv.yamlfile.read import Document, read_file

_EVIDENCE = "evidence"
_SUFFIXES = (".yaml", ".yml")


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


def contract_files(root: Path) -> Iterator[Path]:
    """Yield the contract files of a registry in order of their paths; receipts are none."""
    folder = root / "contracts"
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix in _SUFFIXES and parts[0] != _EVIDENCE and path.is_file():
            yield path


def load_contracts(root: Path, mention: Sequence[str] = ()) -> tuple[Loaded, ...]:
    """Read and decode the contracts of a registry.

    With `mention` only files that hold at least one of these texts are decoded; the others cannot
    define what is looked for, and reading them stays cheap.
    """
    found = (
        read_file(path, path.relative_to(root).as_posix()) for path in _mentioning(root, mention)
    )
    return tuple(_loaded(document) for document in found)


def _mentioning(root: Path, mention: Sequence[str]) -> Iterator[Path]:
    wanted = [text.encode() for text in mention]
    for path in contract_files(root):
        if not wanted or any(text in path.read_bytes() for text in wanted):
            yield path


def _loaded(document: Document) -> Loaded:
    if not document.sound:
        first = document.problems[0]
        return Loaded(document.file, None, f"{first.span}: {first.message}")
    decoded = decode(document)
    if decoded.contract is None:
        fault = decoded.problems[0]
        return Loaded(document.file, None, f"{fault.span}: {fault.message}", decoded)
    return Loaded(document.file, decoded.contract, "", decoded)
