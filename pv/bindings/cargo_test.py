"""Cargo references, resolved against the Rust sources: the command would run the test it names.

Cargo itself takes a filter for a part of a name. Here a filter names a test only where it is the
test's whole path or ends it at a `::`, because whatever contains a short word is not what an
author meant.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from pv.bindings.cargo_command import CargoSelection
from pv.bindings.interface import (
    BindingClass,
    Resolution,
    ambiguous,
    bound,
    dangling,
    ignored,
)
from pv.bindings.places import nearest
from pv.bindings.rust_workspace import CargoPackage, CargoTarget, CollectedTest, RustWorkspace

_DEFAULT_KINDS = frozenset({"lib", "bin", "test", "example"})
_NO_PACKAGE = "no Cargo.toml with a package below the registry root"


def resolve_cargo(
    workspace: RustWorkspace, reference: str, selection: CargoSelection, folder: str = ""
) -> Resolution:
    """Resolve a parsed cargo command; `folder` is where a `cd` before it leads."""
    if selection.sentence:
        return Resolution(BindingClass.PROSE, reference, "a sentence that begins with a command")
    fault = selection.fault or ("" if workspace.packages else _NO_PACKAGE)
    if fault:
        return dangling(reference, fault)
    packages = _packages(workspace, selection, folder)
    if not packages:
        wanted = ", ".join(selection.packages) or selection.manifest or folder
        known = nearest(wanted, [package.name for package in workspace.packages])
        return dangling(reference, f"no package {wanted}", known)
    targets = [(package, target) for package in packages for target in _targets(package, selection)]
    if not targets:
        return _no_target(reference, packages, selection)
    tests = [test for package, target in targets for test in package.tests if test.target == target]
    return _select(reference, tests, selection, packages)


def _packages(
    workspace: RustWorkspace, selection: CargoSelection, folder: str
) -> list[CargoPackage]:
    packages: Sequence[CargoPackage] = workspace.packages
    manifest = selection.manifest or (f"{folder.rstrip('/')}/Cargo.toml" if folder else "")
    if manifest:
        below = manifest.removesuffix("Cargo.toml").strip("/").removeprefix("./")
        packages = workspace.below(below)
    if selection.packages:
        patterns = selection.packages
        packages = [each for each in packages if _fits(each.name, patterns)]
    return [each for each in packages if not _fits(each.name, selection.excluded)]


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _targets(package: CargoPackage, selection: CargoSelection) -> list[CargoTarget]:
    if not selection.targets:
        return [target for target in package.targets if target.kind in _DEFAULT_KINDS]
    return [
        target
        for target in package.targets
        if any(target.kind == kind and _fits(target.name, [name])
               for kind, name in selection.targets)
    ]  # fmt: skip


def _no_target(
    reference: str, packages: Sequence[CargoPackage], selection: CargoSelection
) -> Resolution:
    where = ", ".join(package.name for package in packages[:3])
    if not selection.targets:
        return dangling(reference, f"{where} has no target to test")
    kind, name = selection.targets[0]
    names = [each.name for package in packages for each in package.targets if each.kind == kind]
    return dangling(reference, f"no {kind} target {name} in {where}", nearest(name, names))


def _select(
    reference: str,
    tests: Sequence[CollectedTest],
    selection: CargoSelection,
    packages: Sequence[CargoPackage],
) -> Resolution:
    if selection.pattern:
        return ambiguous(reference, f"selects by the expression {selection.pattern}")
    if not selection.filters:
        if not any(_is_exact(name) for _, name in selection.targets):
            return ambiguous(reference, f"names no test, {len(tests)} would be selected")
        return _run(reference, tests, selection, packages, whole_target=True)
    results = [
        _one_filter(reference, each, tests, selection, packages) for each in selection.filters
    ]
    failing = [each for each in results if each.binding_class is not BindingClass.BOUND]
    if failing:
        return failing[0]
    return bound(reference, tuple(target for each in results for target in each.targets))


def _is_exact(name: str) -> bool:
    return not set(name) & set("*?[")


def _one_filter(
    reference: str,
    wanted: str,
    tests: Sequence[CollectedTest],
    selection: CargoSelection,
    packages: Sequence[CargoPackage],
) -> Resolution:
    if selection.exact:
        named = [test for test in tests if test.path == wanted]
    else:
        ending = wanted.removeprefix("crate::")
        named = [t for t in tests if t.path == ending or t.path.endswith(f"::{ending}")]
    if named:
        return _run(reference, named, selection, packages, whole_target=False)
    containing = [test for test in tests if wanted in test.path]
    if containing and not selection.exact:
        places = tuple(test.place for test in containing[:5])
        reason = f"{wanted} is only a part of {len(containing)} test names"
        return ambiguous(reference, reason, places)
    known = nearest(wanted, [test.path for test in tests])
    return dangling(reference, f"no test {wanted}", known, wanted)


def _run(
    reference: str,
    tests: Sequence[CollectedTest],
    selection: CargoSelection,
    packages: Sequence[CargoPackage],
    *,
    whole_target: bool,
) -> Resolution:
    """Judge tests that are named: compiled, not left out, not ignored, and only one of them."""
    kept = _kept(tests, selection, packages)
    if isinstance(kept, str):
        return dangling(reference, kept)
    runs = [test for test in kept if _runs(test, selection)]
    places = tuple(test.place for test in kept)
    if not runs and selection.run_ignored == "only":
        return dangling(reference, f"--ignored leaves out {kept[0].path}, which is not ignored")
    if not whole_target and len(kept) > 1:
        return ambiguous(reference, f"{len(kept)} tests have this name", places)
    if not runs:
        return ignored(reference, f"{kept[0].path} is marked #[ignore]", places)
    return bound(reference, tuple(test.place for test in runs))


def _kept(
    tests: Sequence[CollectedTest],
    selection: CargoSelection,
    packages: Sequence[CargoPackage],
) -> list[CollectedTest] | str:
    """Return the tests that are compiled and not left out, or why there is none."""
    if not tests:
        return "the target holds no test function"
    by_name = {package.name: package for package in packages}
    missing = [_missing_features(test, by_name[test.package], selection) for test in tests]
    compiled = [test for test, lacks in zip(tests, missing, strict=True) if not lacks]
    if not compiled:
        named = ", ".join(sorted(missing[0]))
        return f"{tests[0].path} is compiled only with the feature {named}"
    kept = [test for test in compiled if not any(skip in test.path for skip in selection.skips)]
    return kept or f"--skip leaves {compiled[0].path} out"


def _missing_features(
    test: CollectedTest, package: CargoPackage, selection: CargoSelection
) -> frozenset[str]:
    if selection.all_features:
        return frozenset()
    enabled = package.enabled(frozenset(selection.features))
    if selection.default_features:
        enabled |= package.default_features
    return test.features - enabled


def _runs(test: CollectedTest, selection: CargoSelection) -> bool:
    if selection.run_ignored == "also":
        return True
    return test.ignored == (selection.run_ignored == "only")


def resolve_rust_name(workspace: RustWorkspace, reference: str) -> Resolution:
    """Resolve `function` or `module::path::function` over all packages.

    The first segment may be a package's crate name; the rest is a whole path or ends one at `::`.
    """
    name = reference.removesuffix("()").removeprefix("crate::")
    alike = workspace.by_name.get(name.rpartition("::")[2], ())
    named = [test for test in alike if _names(test, name)]
    if len({test.place for test in named}) > 1:
        places = tuple(test.place for test in named[:5])
        return ambiguous(reference, f"{len(named)} tests have this name", places)
    if named:
        test = named[0]
        if test.ignored:
            return ignored(reference, f"{test.path} is marked #[ignore]", (test.place,))
        return bound(reference, (test.place,))
    paths = [test.path for test in workspace.tests]
    return dangling(reference, f"no test function {name}", nearest(name, paths))


def _names(test: CollectedTest, name: str) -> bool:
    crate = test.package.replace("-", "_")
    full = f"{crate}::{test.path}"
    return name in {test.path, full} or test.path.endswith(f"::{name}")


def resolve_rust_file(workspace: RustWorkspace, reference: str, path: str, name: str) -> Resolution:
    """Resolve `path/to/file.rs::module::function`."""
    there = workspace.by_file.get(path, ())
    named = [t for t in there if t.path == name or t.path.endswith(f"::{name}")]
    if len(named) > 1:
        return ambiguous(
            reference, f"{len(named)} tests have this name", tuple(t.place for t in named)
        )
    if named and named[0].ignored:
        reason = f"{named[0].path} is marked #[ignore]"
        return ignored(reference, reason, (named[0].place,))
    if named:
        return bound(reference, (named[0].place,))
    reason = f"no test {name} in {path}" if there else f"no test is compiled from {path}"
    return dangling(reference, reason, nearest(name, [test.path for test in there]))
