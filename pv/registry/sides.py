"""The two sides of a comparison: files, folders, or the registry in a git revision, read alike."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pv.errors import BadInputError, UsageError
from pv.model.contract import Contract
from pv.registry.base import find_base
from pv.registry.difference import Difference, compare
from pv.registry.discover import SUFFIXES, ContractFile, contracts_of, discover
from pv.registry.git import ask, name_problem
from pv.registry.revision import contracts_in, read_revision
from pv.yamlfile.decode import decode
from pv.yamlfile.read import Document, read_file, read_text

_NAMES: Final = "name a file, a folder, a git revision, or REV:path"


@dataclass(frozen=True, slots=True)
class Side:
    """The contracts of one side by file, and the files that yielded none, each with the reason."""

    name: str
    contracts: Mapping[str, Contract]
    unread: Mapping[str, str]
    single: bool = False
    """Whether one file was named: it is compared with the other side's, whatever its name."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two sides differ in."""

    before: str
    after: str
    differences: tuple[Difference, ...]
    """One for each contract on both sides, equal ones included, by the name of the later file."""
    added: tuple[Contract, ...]
    removed: tuple[Contract, ...]
    unread: Mapping[str, str]

    @property
    def small(self) -> tuple[Difference, ...]:
        """Return the differences whose declared bump is smaller than the one asked for."""
        return tuple(each for each in self.differences if each.enough is False)

    @property
    def unknown(self) -> tuple[Difference, ...]:
        """Return the differences of which no bump is known, because a version is no SemVer."""
        return tuple(each for each in self.differences if each.enough is None and each.changes)

    @property
    def judged(self) -> bool:
        """Whether there was anything to compare."""
        return bool(self.differences or self.added or self.removed)


def side_of(text: str, root: Path) -> Side:
    """Return the side that an argument names.

    An existing file or folder, `REV:path` with a path below the registry root, or a revision,
    which stands for every contract that it holds. Raises UsageError for what is none of these, and
    for what is a path and a revision.
    """
    if not text.strip():
        raise UsageError(f"a side is {text!r}, expected a name", advice=_NAMES)
    path = Path(text)
    if path.exists() and _is_revision(text, root):
        kind = "folder" if path.is_dir() else "file"
        raise UsageError(
            f"{text}: is a {kind} and a git revision, expected one of the two",
            advice=f"./{text} names the {kind}, {text}^0 the revision",
        )
    if path.is_dir():
        return _side(text, (_read(each) for each in discover([path], relative_to=path)))
    if path.exists():
        return _side(text, [read_file(path, text)], single=True)
    revision, colon, file = text.partition(":")
    if colon:
        return _of_revision(text, revision, root, [file.removeprefix("./")], single=True)
    return _of_revision(text, text, root, contracts_in(root, text))


def base_side(root: Path) -> Side:
    """Return the registry where the branch left the main one; raises UsageError without git."""
    base = find_base(root)
    revision = read_revision(root, base.revision, contracts_in(root, base.revision))
    if revision.problem:
        raise UsageError(
            f"nothing to compare with: {revision.problem}",
            advice="name two files or folders, or run it in a git repository with a commit",
        )
    documents = (read_text(content, file) for file, content in revision.texts.items())
    return _side(base.name, documents)


def registry_side(root: Path) -> Side:
    """Return the registry as it stands on disk."""
    return _side("the files on disk", (_read(each) for each in contracts_of(root)))


def compare_sides(before: Side, after: Side, only: Sequence[str] = ()) -> Comparison:
    """Compare two sides; a file among many is compared with its own namesake.

    `only` keeps the files that are named, or that stand below a folder that is. Contracts whose
    file has another name now are found by their id. Raises BadInputError for a single file that
    is no contract, UsageError for a name in `only` that neither side has.
    """
    for side in (before, after):
        if side.single and side.unread:
            ((file, reason),) = side.unread.items()
            raise BadInputError(f"{file}: {reason}", advice=f"pv validate {file}")
    for name in only:
        if not (_kept(before.contracts, [name]) or _kept(after.contracts, [name])):
            raise _unmatched(name, before, after)
    one, other = _narrowed(before, after, only)
    pairs = dict(_paired(one, other, single=before.single and after.single))
    partners = set(pairs.values())
    return Comparison(
        before.name,
        after.name,
        tuple(compare(one[earlier], other[later]) for later, earlier in sorted(pairs.items())),
        tuple(contract for file, contract in other.items() if file not in pairs),
        tuple(contract for file, contract in one.items() if file not in partners),
        {**before.unread, **after.unread},
    )


def _narrowed(
    before: Side, after: Side, only: Sequence[str]
) -> tuple[Mapping[str, Contract], Mapping[str, Contract]]:
    one, other = before.contracts, after.contracts
    if before.single != after.single:
        (file,) = (before if before.single else after).contracts
        name = file.removeprefix("./")
        one, other = _kept(one, [file, name]), _kept(other, [file, name])
    return (_kept(one, only), _kept(other, only)) if only else (one, other)


def _is_revision(text: str, root: Path) -> bool:
    """Tell whether git knows a name that is written as a revision could be."""
    if name_problem(text) or text.startswith((".", "/")) or text.endswith(SUFFIXES):
        return False
    return not ask(root, "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}").code


def _unmatched(name: str, before: Side, after: Side) -> UsageError:
    files = sorted({*before.contracts, *after.contracts, *before.unread, *after.unread})
    meant = difflib.get_close_matches(name, files, 1)
    advice = f"did you mean {meant[0]}?" if meant else "name a contract file, or a folder of them"
    tried = f"{len(before.contracts)} contracts of {before.name}, {len(after.contracts)} of"
    return UsageError(
        f"{name}: no contract of this name, and none below it, among {tried} {after.name}",
        advice=advice,
    )


def _kept(contracts: Mapping[str, Contract], names: Sequence[str]) -> dict[str, Contract]:
    wanted = [name.removeprefix("./").rstrip("/") for name in names]
    return {
        file: contract
        for file, contract in contracts.items()
        if any(file == name or file.startswith(f"{name}/") for name in (*names, *wanted))
    }


def _paired(
    one: Mapping[str, Contract], other: Mapping[str, Contract], *, single: bool
) -> Iterator[tuple[str, str]]:
    """Yield later file and earlier file of what is one contract."""
    if single:
        yield next(iter(other)), next(iter(one))
        return
    left = {contract.id: file for file, contract in one.items() if file not in other}
    for file, contract in other.items():
        if file in one:
            yield file, file
        elif contract.id in left:
            yield file, left.pop(contract.id)


def _of_revision(
    text: str, name: str, root: Path, files: Sequence[str], *, single: bool = False
) -> Side:
    revision = read_revision(root, name, files)
    if revision.problem and not single:
        here = Path(text).absolute()
        raise UsageError(
            f"{text}: neither a file or folder ({here}) nor a git revision ({revision.problem})",
            advice=_NAMES,
        )
    if revision.problem:
        raise UsageError(f"{text}: {revision.problem}", advice=_NAMES)
    if single and not revision.texts:
        raise UsageError(f"{text}: revision {name} has no file {files[0]}")
    documents = (read_text(content, file) for file, content in revision.texts.items())
    return _side(text, documents, single=single)


def _read(file: ContractFile) -> Document:
    return read_file(file.path, file.display)


def _side(name: str, documents: Iterable[Document], *, single: bool = False) -> Side:
    contracts: dict[str, Contract] = {}
    unread: dict[str, str] = {}
    for document in documents:
        decoded = decode(document) if document.sound else None
        if decoded is not None and decoded.contract is not None:
            contracts[document.file] = decoded.contract
        else:
            problems = decoded.problems if decoded else document.problems
            unread[document.file] = problems[0].message if problems else "no contract"
    return Side(name, contracts, unread, single)
