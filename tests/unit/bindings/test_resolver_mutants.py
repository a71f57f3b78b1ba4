"""The table of references has teeth: each planted fault of the resolver turns a row of it red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pv.bindings import cargo_test, places, pytest_node, python_function, resolve, rust_source
from pv.bindings.resolve import Resolver

HERE = Path(__file__).parent
ROWS = yaml.safe_load((HERE / "references.yaml").read_text(encoding="utf-8"))
Patch = pytest.MonkeyPatch


def _failing(folder: Path) -> list[str]:
    resolver = Resolver(folder)
    failing = []
    for row in ROWS:
        (found, *_) = resolver.resolve_text(row["text"])
        ids = [target.id for target in found.targets]
        wanted = [row["id"]] if "id" in row else ids
        if found.binding_class != row["is"] or ids != wanted:
            failing.append(row["text"])
    return failing


def a_part_of_a_name_is_enough(patch: Patch) -> None:
    patch.setattr(cargo_test, "_names", lambda test, name: name in test.path)


def any_package_will_do(patch: Patch) -> None:
    patch.setattr(cargo_test, "_packages", lambda workspace, *_: list(workspace.packages))


def any_target_will_do(patch: Patch) -> None:
    patch.setattr(cargo_test, "_targets", lambda package, _: list(package.targets))


def ignored_tests_run(patch: Patch) -> None:
    patch.setattr(cargo_test, "_runs", lambda *_: True)


def features_do_not_matter(patch: Patch) -> None:
    patch.setattr(cargo_test, "_missing_features", lambda *_: frozenset())


def a_target_pattern_is_a_name(patch: Patch) -> None:
    patch.setattr(cargo_test, "_is_exact", lambda _: True)


def no_attribute_makes_a_test(patch: Patch) -> None:
    patch.setattr(rust_source, "_TEST_ATTRIBUTES", frozenset())


def macros_hold_no_tests(patch: Patch) -> None:
    patch.setattr(rust_source, "_TEST_MACROS", frozenset())


def cfg_is_not_read(patch: Patch) -> None:
    patch.setattr(rust_source, "_features", lambda _: frozenset())


def paths_may_climb(patch: Patch) -> None:
    def lenient(root: Path, text: str) -> Any:
        file = root / text
        return file if file.exists() else places.Refusal(f"no file {text}")

    for module in (python_function, pytest_node, resolve):
        patch.setattr(module, "inside", lenient)


def classes_are_not_looked_into(patch: Patch) -> None:
    patch.setattr(pytest_node, "_methods", lambda *_: iter(()))


def base_classes_are_not_followed(patch: Patch) -> None:
    patch.setattr(pytest_node, "_inherited", lambda *_: {})


def every_sentence_is_a_command(patch: Patch) -> None:
    patch.setattr(resolve, "is_command", lambda _: True)


def no_command_is_known(patch: Patch) -> None:
    patch.setattr(resolve, "is_command", lambda _: False)


def loops_are_sentences(patch: Patch) -> None:
    patch.setattr(resolve, "is_loop", lambda _: False)


def python_tests_have_no_bare_names(patch: Patch) -> None:
    patch.setattr(resolve, "find_tests", lambda *_: ())


MUTANTS: list[Callable[[Patch], None]] = [
    a_part_of_a_name_is_enough,
    any_package_will_do,
    any_target_will_do,
    ignored_tests_run,
    features_do_not_matter,
    a_target_pattern_is_a_name,
    no_attribute_makes_a_test,
    macros_hold_no_tests,
    cfg_is_not_read,
    paths_may_climb,
    classes_are_not_looked_into,
    base_classes_are_not_followed,
    every_sentence_is_a_command,
    no_command_is_known,
    loops_are_sentences,
    python_tests_have_no_bare_names,
]


def test_the_sound_resolver_has_no_failing_row() -> None:
    assert _failing(HERE / "fixture") == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_planted_fault_turns_a_row_red(
    mutant: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert _failing(HERE / "fixture")
