"""The test functions of every Cargo package below a root, with the exact path of each."""

from __future__ import annotations

import os
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pv.bindings.interface import Refusal, Target, shown
from pv.bindings.places import SKIPPED_FOLDERS, inside, read_source
from pv.bindings.rust_source import RustSource, parse_rust

_MOST_FOLDERS = 20_000
_DEEPEST_MODULES = 64


@dataclass(frozen=True, slots=True)
class CargoTarget:
    """A crate root of a package: what `--lib`, `--bin`, `--test`, `--example`, `--bench` select."""

    kind: str
    name: str
    file: Path
    features: frozenset[str] = frozenset()
    """`required-features`: the target is not built without them."""


@dataclass(frozen=True, slots=True)
class CollectedTest:
    """A test with everything that selects it."""

    package: str
    target: CargoTarget
    path: str
    """As the test runner names it: `helpers::tests::rounds_half_up`."""
    file: str
    line: int
    ignored: bool
    features: frozenset[str]

    @property
    def name(self) -> str:
        """Return the function's own name."""
        return self.path.rsplit("::", 1)[-1]

    @property
    def place(self) -> Target:
        """Return it as a target with an exact id."""
        return Target(
            f"{self.package}::{self.target.kind}:{self.target.name}::{self.path}",
            self.file,
            self.line,
        )


class CargoPackage:
    """One `Cargo.toml` with a `[package]`, its targets and, when asked for, its tests."""

    def __init__(self, root: Path, folder: Path, manifest: dict[str, Any]) -> None:
        self._root = root
        self.folder = folder
        self._manifest = manifest
        package = manifest.get("package")
        self.name = str(package.get("name", "")) if isinstance(package, dict) else ""

    @cached_property
    def default_features(self) -> frozenset[str]:
        """Return the features that are on by default, those they pull in included."""
        return self.enabled(frozenset({"default"}))

    def enabled(self, asked: frozenset[str]) -> frozenset[str]:
        """Return `asked` and every feature of this package that it pulls in."""
        table = self._manifest.get("features")
        features = table if isinstance(table, dict) else {}
        found: set[str] = set()
        todo = list(asked)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                more = features.get(name)
                todo.extend(each for each in more or [] if isinstance(each, str))
        return frozenset(found)

    @cached_property
    def targets(self) -> tuple[CargoTarget, ...]:
        """Return the targets, declared ones first, then those that Cargo finds by place."""
        found: dict[tuple[str, str], CargoTarget] = {}
        for target in (*self._declared(), *self._by_place()):
            found.setdefault((target.kind, target.name), target)
        return tuple(found.values())

    def _declared(self) -> Iterator[CargoTarget]:
        library = self._manifest.get("lib")
        if isinstance(library, dict):
            name = str(library.get("name") or self.name.replace("-", "_"))
            yield from self._target("lib", name, str(library.get("path") or "src/lib.rs"))
        for kind, folder in _FOLDERS.items():
            tables = self._manifest.get(kind)
            for table in tables if isinstance(tables, list) else []:
                if isinstance(table, dict) and isinstance(table.get("name"), str):
                    path = str(table.get("path") or f"{folder}/{table['name']}.rs")
                    needed = table.get("required-features")
                    features = frozenset(map(str, needed)) if isinstance(needed, list) else None
                    yield from self._target(kind, table["name"], path, features or frozenset())

    def _by_place(self) -> Iterator[CargoTarget]:
        yield from self._target("lib", self.name.replace("-", "_"), "src/lib.rs")
        yield from self._target("bin", self.name, "src/main.rs")
        package = self._manifest.get("package", {})
        for kind, folder in _FOLDERS.items():
            if package.get(f"auto{kind}s", True) is False or not (self.folder / folder).is_dir():
                continue
            for entry in sorted((self.folder / folder).iterdir()):
                if entry.suffix == ".rs":
                    yield from self._target(kind, entry.stem, f"{folder}/{entry.name}")
                elif (entry / "main.rs").is_file():
                    yield from self._target(kind, entry.name, f"{folder}/{entry.name}/main.rs")

    def _target(
        self, kind: str, name: str, path: str, features: frozenset[str] = frozenset()
    ) -> Iterator[CargoTarget]:
        file = inside(self._root, f"{shown(self._root, self.folder)}/{path}")
        if not isinstance(file, Refusal) and file.is_file():
            yield CargoTarget(kind, name, file, features)

    @cached_property
    def tests(self) -> tuple[CollectedTest, ...]:
        """Return every test that some target of the package compiles."""
        return tuple(test for target in self.targets for test in self._walk(target))

    def _walk(self, target: CargoTarget) -> Iterator[CollectedTest]:
        seen: set[Path] = set()
        todo: list[tuple[Path, tuple[str, ...], bool, frozenset[str]]] = [
            (target.file, (), True, target.features)
        ]
        while todo:
            file, around, owns_folder, features = todo.pop()
            if file in seen or len(around) > _DEEPEST_MODULES:
                continue
            seen.add(file)
            source = _source(file)
            for test in source.tests:
                yield CollectedTest(
                    self.name,
                    target,
                    "::".join((*around, *test.modules, test.name)),
                    shown(self._root, file),
                    test.line,
                    test.ignored,
                    features | test.features,
                )
            base = file.parent if owns_folder else file.parent / file.stem
            for module in source.modules:
                inner = base.joinpath(*module.modules)
                for candidate, owns in _module_files(file, inner, module.name, module.path):
                    place = inside(self._root, _relative(self._root, candidate))
                    if not isinstance(place, Refusal) and place.is_file():
                        names = (*around, *module.modules, module.name)
                        todo.append((place, names, owns, features | module.features))
                        break


_FOLDERS = {"bin": "src/bin", "test": "tests", "example": "examples", "bench": "benches"}


def _module_files(
    file: Path, folder: Path, name: str, path: str | None
) -> Iterator[tuple[Path, bool]]:
    """Yield where `mod name;` may stand, and whether that file's own modules lie beside it."""
    if path is not None:
        yield file.parent / path, True
        return
    yield folder / f"{name}.rs", False
    yield folder / name / "mod.rs", True


def _relative(root: Path, file: Path) -> str:
    """Return `file` below `root` with `..` folded; what leaves the root stays refusable."""
    return Path(os.path.relpath(file, root)).as_posix()


def _source(file: Path) -> RustSource:
    text = read_source(file)
    return RustSource((), ()) if isinstance(text, Refusal) else parse_rust(text)


class RustWorkspace:
    """Every package below a root; reads manifests at once and sources when a test is looked for."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    @cached_property
    def packages(self) -> tuple[CargoPackage, ...]:
        """Return the packages in the order of their folders."""
        found = [package for folder in _folders(self._root) for package in self._package(folder)]
        return tuple(sorted(found, key=lambda package: package.folder))

    def _package(self, folder: Path) -> Iterator[CargoPackage]:
        text = read_source(folder / "Cargo.toml")
        if isinstance(text, Refusal):
            return
        try:
            manifest = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return
        package = CargoPackage(self._root, folder, manifest)
        if package.name:
            yield package

    def below(self, folder: str) -> tuple[CargoPackage, ...]:
        """Return the package in `folder`; where that is a workspace's, all packages under it."""
        place = inside(self._root, folder or ".")
        if isinstance(place, Refusal):
            return ()
        own = tuple(package for package in self.packages if package.folder == place.resolve())
        if own or not (place / "Cargo.toml").is_file():
            return own
        inner = place.resolve()
        return tuple(each for each in self.packages if each.folder.is_relative_to(inner))

    @cached_property
    def by_name(self) -> Mapping[str, tuple[CollectedTest, ...]]:
        """Return the tests of all packages by the function's own name."""
        found: dict[str, list[CollectedTest]] = defaultdict(list)
        for test in self.tests:
            found[test.name].append(test)
        return {name: tuple(tests) for name, tests in found.items()}

    @cached_property
    def by_file(self) -> Mapping[str, tuple[CollectedTest, ...]]:
        """Return the tests of all packages by the file they stand in."""
        found: dict[str, list[CollectedTest]] = defaultdict(list)
        for test in self.tests:
            found[test.file].append(test)
        return {name: tuple(tests) for name, tests in found.items()}

    @cached_property
    def tests(self) -> tuple[CollectedTest, ...]:
        """Return the tests of all packages."""
        return tuple(test for package in self.packages for test in package.tests)


def _folders(root: Path) -> Iterator[Path]:
    """Yield folders with a `Cargo.toml`; hidden and build folders and links are passed by."""
    for count, (name, folders, files) in enumerate(os.walk(root)):
        if count > _MOST_FOLDERS:
            return
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and each not in SKIPPED_FOLDERS
        )
        if "Cargo.toml" in files:
            yield Path(name)
