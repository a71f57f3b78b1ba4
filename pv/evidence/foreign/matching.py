"""Which falsifiers a result answers: those whose reference would have run that test.

Nothing is guessed: a reference that names a test in full meets that name and no similar one; what a
cargo filter selects is what cargo would select by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple, TypeAlias

from pv.bindings.cargo_command import CargoSelection, parse_cargo_test
from pv.bindings.pytest_command import parse_pytest
from pv.bindings.resolve import Resolver, cargo_arguments
from pv.evidence.foreign.case import Case
from pv.model.contract import BindingKind, Contract, Falsifier

Meets: TypeAlias = Callable[[Case], bool]
_NODE: Final = re.compile(r"(?P<path>[\w./-]+)\.py::(?P<name>[\w:]+)(?P<case>\[.*\])?")
_RUST_FILE: Final = re.compile(r"[\w./-]+\.rs::(?P<name>[\w:]+)")
_NAME: Final = re.compile(r"\w+(?:(?:::|\.)\w+)*(?:\(\))?")


class Answer(NamedTuple):
    """A falsifier with the results that answer it."""

    contract: Contract
    falsifier: Falsifier
    cases: tuple[Case, ...]


def match(
    contracts: Iterable[Contract], cases: Sequence[Case], resolver: Resolver
) -> tuple[list[Answer], list[Case]]:
    """Return the falsifiers that have results, and the results that answer none."""
    answers: list[Answer] = []
    met: set[int] = set()
    for contract in contracts:
        for falsifier in contract.falsifiers:
            wanted = _wanted(falsifier, resolver)
            numbers = [
                number
                for number, case in enumerate(cases)
                if case.falsifier == falsifier.id
                or (not case.falsifier and any(each(case) for each in wanted))
            ]
            if numbers:
                met.update(numbers)
                own = tuple(cases[number] for number in numbers)
                answers.append(Answer(contract, falsifier, own))
    return answers, [case for number, case in enumerate(cases) if number not in met]


def _wanted(falsifier: Falsifier, resolver: Resolver) -> list[Meets]:
    """Return what tells the results that a falsifier's reference asks for."""
    binding = falsifier.binding
    if binding.argv:
        return list(_of_command(binding.argv))
    if binding.kind is BindingKind.CARGO and binding.details:
        return list(_of_command(cargo_arguments(binding)))
    text = binding.text.strip().strip("`")
    if found := _of_name(text):
        return [found]
    return [each for one in resolver.commands(text) for each in _of_command(one.argv)]


def _of_command(argv: tuple[str, ...]) -> Iterator[Meets]:
    pytest, cargo = parse_pytest(argv), parse_cargo_test(argv)
    if pytest is not None and not pytest.fault and not pytest.pattern:
        yield from (found for node in pytest.nodes if (found := _of_name(node)))
    elif cargo is not None and not cargo.fault and not cargo.pattern:
        yield _selected(cargo)


def _of_name(text: str) -> Meets | None:
    """Return what tells a test by its name; None for a text that is none."""
    if node := _NODE.fullmatch(text):
        return _python(node["path"], node["name"], node["case"] or "")
    if file := _RUST_FILE.fullmatch(text):
        return _ends_with(file["name"])
    return _ends_with(text.removesuffix("()")) if _NAME.fullmatch(text) else None


def _python(path: str, name: str, parameters: str) -> Meets:
    whole = f"{path.removeprefix('./').replace('/', '.')}.{name.replace('::', '.')}"

    def meets(case: Case) -> bool:
        if parameters:
            return case.name == whole + parameters
        return case.name == whole or case.name.startswith(f"{whole}[")

    return meets


def _ends_with(name: str) -> Meets:
    """Return what tells a test whose name ends with the parts of another, all of them whole."""
    parts = re.split(r"::|\.", name)

    def meets(case: Case) -> bool:
        bare = case.name.partition("[")[0]
        found = [*re.split(r"::|[.]", case.suite), *re.split(r"::|[.]", bare)]
        return found[-len(parts) :] == parts

    return meets


def _selected(selection: CargoSelection) -> Meets:
    """Return what tells the tests that a cargo command runs, as far as results name them.

    A file that does not say which crate and binary a test is of cannot contradict the command; one
    that says so must agree with it.
    """

    def meets(case: Case) -> bool:
        crate, _, binary = case.suite.partition("::")
        if case.suite and not _agrees(selection, crate, binary):
            return False
        if any(each in case.name for each in selection.skips):
            return False
        if not selection.filters:
            return bool(case.suite) and bool(selection.targets)
        if selection.exact:
            return case.name in selection.filters
        return any(each in case.name for each in selection.filters)

    return meets


def _agrees(selection: CargoSelection, crate: str, binary: str) -> bool:
    def same(name: str, pattern: str) -> bool:
        return fnmatchcase(name.replace("-", "_"), pattern.replace("-", "_"))

    if selection.packages and not any(same(crate, each) for each in selection.packages):
        return False
    if any(same(crate, each) for each in selection.excluded):
        return False
    named = [each for each in selection.targets if each[0] != "lib"]
    if not named:
        return not selection.targets or binary in ("", crate)
    target = binary.rpartition("/")[2]
    return any(same(target, pattern) for _, pattern in named)
