"""The table of references has teeth: each planted fault of the resolver turns a row of it red."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pv.bindings import (
    cargo_command,
    cargo_test,
    places,
    pytest_node,
    python_function,
    resolve,
    rust_source,
)
from pv.bindings.cargo_command import CargoSelection, parse_cargo_test
from pv.bindings.command_text import Command
from pv.bindings.interface import BindingClass, Resolution, Target, bound, dangling
from pv.bindings.pytest_command import PytestSelection, parse_pytest
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


NEVER = re.compile(r"(?!)")


def _found(text: str) -> Resolution:
    return bound(text, (Target(text, text.partition("::")[0], 1),))


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
    patch.setattr(resolve, "begins_sentence", lambda _: False)


def no_command_is_known(patch: Patch) -> None:
    patch.setattr(resolve, "is_command", lambda _: False)


def loops_are_sentences(patch: Patch) -> None:
    patch.setattr(resolve, "is_loop", lambda _: False)


def python_tests_have_no_bare_names(patch: Patch) -> None:
    patch.setattr(resolve, "find_tests", lambda *_: ())


def no_node_is_known(patch: Patch) -> None:
    patch.setattr(resolve, "_NODE", NEVER)


def every_node_exists(patch: Patch) -> None:
    patch.setattr(resolve, "resolve_node", lambda root, sources, text: _found(text))


def any_case_will_do(patch: Patch) -> None:
    patch.setattr(pytest_node, "_case_fault", lambda *_: None)


def no_test_has_cases(patch: Patch) -> None:
    def bare(base: str, rest: str, *_: object) -> Resolution:
        return dangling(f"{base}[{rest}", "takes no parameters", base)

    patch.setattr(pytest_node, "_case_fault", bare)


def every_harness_exists(patch: Patch) -> None:
    patch.setattr(resolve, "resolve_harness", lambda root, sources, text, controls: _found(text))


def pytest_is_any_program(patch: Patch) -> None:
    patch.setattr(resolve, "parse_pytest", lambda _: None)


def options_of_pytest_do_not_matter(patch: Patch) -> None:
    def lenient(argv: tuple[str, ...]) -> PytestSelection | None:
        found = parse_pytest(argv)
        return found and found._replace(fault="")

    patch.setattr(resolve, "parse_pytest", lenient)


def module_paths_are_words(patch: Patch) -> None:
    patch.setattr(resolve, "_MODULE_PATH", NEVER)


def rust_files_are_words(patch: Patch) -> None:
    patch.setattr(resolve, "_RUST_FILE", NEVER)


def names_are_words(patch: Patch) -> None:
    patch.setattr(
        Resolver, "_bare_name", lambda self, name: Resolution(BindingClass.PROSE, name, "a word")
    )


def words_are_names(patch: Patch) -> None:
    patch.setattr(Resolver, "_bare_name", lambda self, name: dangling(name, "no such test"))


def scripts_are_words(patch: Patch) -> None:
    patch.setattr(resolve, "is_path", lambda _: False)
    patch.setattr(resolve, "is_command", lambda _: False)


def quotes_are_not_read(patch: Patch) -> None:
    patch.setattr(resolve, "split_commands", lambda text: (Command(tuple(text.split())),))
    patch.setattr(resolve, "is_command", lambda _: True)
    patch.setattr(resolve, "begins_sentence", lambda _: False)


def cargo_says_no_sentences(patch: Patch) -> None:
    def literal(argv: tuple[str, ...]) -> CargoSelection | None:
        found = parse_cargo_test(argv)
        if found is not None:
            found.sentence = False
        return found

    patch.setattr(cargo_command, "parse_cargo_test", literal)
    patch.setattr(resolve, "is_command", lambda command: "cargo" in command.argv)


def nothing_is_a_word_too(patch: Patch) -> None:
    patch.setattr(resolve, "_NOTHING", frozenset())


def nobody_waits(patch: Patch) -> None:
    patch.setattr(resolve, "_PLANNED_WORDS", ())


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
    no_node_is_known,
    every_node_exists,
    any_case_will_do,
    no_test_has_cases,
    every_harness_exists,
    pytest_is_any_program,
    options_of_pytest_do_not_matter,
    module_paths_are_words,
    rust_files_are_words,
    names_are_words,
    words_are_names,
    scripts_are_words,
    quotes_are_not_read,
    cargo_says_no_sentences,
    nothing_is_a_word_too,
    nobody_waits,
]


def test_the_sound_resolver_has_no_failing_row() -> None:
    assert _failing(HERE / "fixture") == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_planted_fault_turns_a_row_red(
    mutant: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert _failing(HERE / "fixture")


def test_every_row_is_red_under_a_named_fault() -> None:
    red: set[str] = set()
    for mutant in MUTANTS:
        with pytest.MonkeyPatch.context() as patch:
            mutant(patch)
            red.update(_failing(HERE / "fixture"))
    assert {row["text"] for row in ROWS} - red == set()
