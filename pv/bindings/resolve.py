"""One resolver for every way in which a falsifier can name its test."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pv
from pv.bindings.command_text import Command, logical_lines, split_commands
from pv.bindings.interface import (
    BindingClass,
    Refusal,
    Resolution,
    ambiguous,
    bound,
    dangling,
    ignored,
)
from pv.bindings.places import inside
from pv.bindings.pytest_command import parse_pytest
from pv.bindings.pytest_node import find_tests, resolve_node
from pv.bindings.python_function import resolve_harness
from pv.bindings.python_source import PythonSources
from pv.bindings.shell_command import begins_sentence, is_command, is_loop, is_path, resolve_shell
from pv.bindings.unjudgeable import NO_LIST, Unjudgeable, command_fault, files_fault
from pv.model.contract import Binding, BindingKind, Falsifier

if TYPE_CHECKING:
    from pv.bindings.rust_workspace import RustWorkspace

_PACKAGE = (Path(pv.__file__).parent / "falsifiers").resolve().parent
"""Where the harnesses packed with `pv` are: a registry may name them as if they were its own.

In a checkout `pv/falsifiers` is a link, and this the checkout; in a wheel it is the package.
"""

_NOTHING = frozenset({"", "none", "n/a", "na", "-", "tbd", "todo", "?"})
_NODE = re.compile(r"[\w./-]+\.py::[\w:]+(\[.*\])?")
_RUST_FILE = re.compile(r"(?P<path>[\w./-]+\.rs)::(?P<name>[\w:]+)")
_MODULE_PATH = re.compile(r"\w+(::\w+)+(\(\))?")
_ONE_LINE = re.compile(r"[^\n`$#\\]*")
_PLANNED_WORDS = ("LIVE-PENDING",)

_DECLARED = {
    BindingKind.PLANNED: BindingClass.PLANNED,
    BindingKind.BLOCKED: BindingClass.BLOCKED,
    BindingKind.MANUAL: BindingClass.MANUAL,
    BindingKind.AWAITS: BindingClass.BLOCKED,
}


class Resolver:
    """Resolves references below one registry root; parses each source once.

    It reads and never imports or runs what it reads. Rust sources and their parser are touched
    only when a reference asks for them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.python = PythonSources()
        # Several rules in a row ask about the same texts.
        self._texts = lru_cache(maxsize=1024)(self.resolve_text)
        self._harnesses = lru_cache(maxsize=1024)(self._harness)

    @cached_property
    def rust(self) -> RustWorkspace:
        """Return the Cargo packages below the root."""
        from pv.bindings.rust_workspace import RustWorkspace  # noqa: PLC0415 - tree-sitter: on demand

        return RustWorkspace(self.root)

    def resolve(self, falsifier: Falsifier) -> tuple[Resolution, ...]:
        """Return one resolution for each reference of a falsifier; at least one."""
        binding = falsifier.binding
        declared = _declared(binding)
        if declared is not None:
            return (declared,)
        if binding.kind is BindingKind.HARNESS:
            controls = (*falsifier.controls, *falsifier.green_controls)
            return (self.harness(binding.text, controls),)
        if binding.kind is BindingKind.PYTEST:
            return (resolve_node(self.root, self.python, binding.text),)
        if binding.kind is BindingKind.CARGO:
            return self._cargo(binding)
        if binding.kind is BindingKind.COMMAND and binding.argv:
            return (self._command(Command(binding.argv)),)
        return self._texts(binding.text)

    def unjudgeable(self, falsifier: Falsifier) -> Unjudgeable | None:
        """Return why the outcome of a `command` could not be judged; None for any other test."""
        binding = falsifier.binding
        if binding.kind is BindingKind.COMMAND:
            return command_fault(binding) or files_fault(self.root, binding.argv)
        if binding.kind is BindingKind.TEXT and binding.path[-1:] == ("command",):
            found = self.resolve(falsifier)
            if any(each.binding_class is BindingClass.SHELL for each in found):
                return Unjudgeable(NO_LIST)
        return None

    def harness(self, reference: str, controls: tuple[str, ...] = ()) -> Resolution:
        """Resolve a harness of the registry, or one packed with `pv` where it has no such file."""
        return self._harnesses(reference, controls)

    def _harness(self, reference: str, controls: tuple[str, ...]) -> Resolution:
        own = resolve_harness(self.root, self.python, reference, controls)
        path = reference.strip().partition("::")[0]
        if own.targets or not isinstance(inside(self.root, path), Refusal):
            return own
        packed = resolve_harness(_PACKAGE, self.python, reference, controls)
        return packed if packed.targets else own

    def resolve_text(self, text: str) -> tuple[Resolution, ...]:
        """Resolve what somebody wrote as free text."""
        stripped = text.strip()
        if len(stripped) > 1 and stripped[0] == stripped[-1] and stripped[0] in "\"'":
            stripped = stripped[1:-1].strip()
        if begins_sentence(stripped):
            return (Resolution(BindingClass.PROSE, stripped, "a sentence"),)
        if stripped.casefold() in _NOTHING:
            return (Resolution(BindingClass.ABSENT, stripped, "no test is named"),)
        if stripped.startswith(_PLANNED_WORDS):
            return (Resolution(BindingClass.PLANNED, stripped, "marked as pending by its author"),)
        single = stripped.strip("`").removeprefix("./")
        if not any(character.isspace() for character in single):
            return (self._single_word(single),)
        return self._commands(stripped)

    def _single_word(self, word: str) -> Resolution:
        if _NODE.fullmatch(word):
            return self._python(word)
        if match := _RUST_FILE.fullmatch(word):
            return self._rust_file(word, match["path"], match["name"])
        if _MODULE_PATH.fullmatch(word):
            from pv.bindings.cargo_test import resolve_rust_name  # noqa: PLC0415 - as `rust`

            return resolve_rust_name(self.rust, word)
        command = Command((word,))
        name = word.removesuffix("()")
        if name.isidentifier() and name.isascii() and parse_pytest(command.argv) is None:
            return self._bare_name(name)
        if self._recognised(command) or is_path(word):
            return self._command(command)
        return Resolution(BindingClass.PROSE, word, "names nothing that could be run")

    def _python(self, word: str) -> Resolution:
        """Resolve `path.py::name`: a pytest node where pytest would collect it, else a harness."""
        name = word.partition("::")[2].split("::")[0]
        if name.lower().startswith("test") or "::" in word.partition("::")[2]:
            return resolve_node(self.root, self.python, word)
        return self.harness(word)

    def _rust_file(self, word: str, path: str, name: str) -> Resolution:
        from pv.bindings.cargo_test import resolve_rust_file  # noqa: PLC0415 - as `rust`

        place = inside(self.root, path)
        if isinstance(place, Refusal):
            return dangling(word, place.reason)
        return resolve_rust_file(self.rust, word, path, name)

    def _bare_name(self, name: str) -> Resolution:
        """Resolve one identifier; a plain word that names no test is prose, not a reference."""
        from pv.bindings.cargo_test import resolve_rust_name  # noqa: PLC0415 - as `rust`

        in_python = find_tests(self.root, self.python, name) if name.startswith("test") else ()
        found = resolve_rust_name(self.rust, name)
        if in_python:
            places = (*found.targets, *(target for target, _ in in_python))
            if len(places) > 1:
                return ambiguous(name, f"{len(places)} tests have this name", places[:5])
            ((_, function),) = in_python
            return ignored(name, "marked skip", places) if function.skipped else bound(name, places)
        if found.binding_class is BindingClass.DANGLING and "_" not in name.strip("_"):
            return Resolution(BindingClass.PROSE, name, "a word that names no test")
        return found

    def commands(self, text: str) -> list[Command]:
        """Return the commands that a text is or begins with; none for a sentence or a loop."""
        if is_loop(text):
            return []
        commands = self._recognised_commands(text)
        return self._leading_commands(text) if commands is None else commands

    def _commands(self, text: str) -> tuple[Resolution, ...]:
        if is_loop(text):
            return (Resolution(BindingClass.SHELL, text, "a shell loop or condition"),)
        commands = self.commands(text)
        if not commands:
            return (Resolution(BindingClass.PROSE, text, "a sentence"),)
        return tuple(self._command(command) for command in commands)

    def _recognised_commands(self, text: str) -> list[Command] | None:
        """Return the commands of a text that is nothing else; None for any other text."""
        commands = split_commands(text)
        if not commands or not all(self._recognised(command) for command in commands):
            return None
        return list(commands)

    def _leading_commands(self, text: str) -> list[Command]:
        """Return the commands on lines of their own where the first line is one.

        Authors write remarks on the lines below a command; a sentence on the same line makes the
        whole of it prose.
        """
        if _ONE_LINE.fullmatch(text):
            return []  # what it is as a whole, it is as its only line
        found: list[Command] = []
        for line in logical_lines(text):
            commands = self._recognised_commands(line)
            if commands is None and not found:
                return []
            found += commands or []
        return found

    def _recognised(self, command: Command) -> bool:
        return parse_pytest(command.argv) is not None or is_command(command)

    def _command(self, command: Command) -> Resolution:
        pytest = parse_pytest(command.argv)
        if pytest is not None:
            if pytest.fault:
                return dangling(command.text, pytest.fault)
            if pytest.pattern or len(pytest.nodes) != 1:
                named = pytest.pattern or f"{len(pytest.nodes)} paths"
                return ambiguous(command.text, f"selects by {named}, expected one node id")
            return resolve_node(self.root, self.python, pytest.nodes[0])
        if command.argv[0].rsplit("/", 1)[-1] == "cargo":
            return self._cargo_command(command)
        return resolve_shell(self.root, command)

    def _cargo_command(self, command: Command) -> Resolution:
        from pv.bindings.cargo_command import parse_cargo_test  # noqa: PLC0415 - as `rust`
        from pv.bindings.cargo_test import resolve_cargo  # noqa: PLC0415 - as `rust`

        selection = parse_cargo_test(command.argv)
        if selection is None:
            return Resolution(BindingClass.SHELL, command.text, "cargo without tests")
        return resolve_cargo(self.rust, command.text, selection, command.folder)

    def _cargo(self, binding: Binding) -> tuple[Resolution, ...]:
        """Resolve `cargo:` given as text or as {package, target, filter}."""
        if binding.argv:
            return (self._command(Command(binding.argv)),)
        if binding.details:
            return (self._command(Command(cargo_arguments(binding))),)
        return self.resolve_text(binding.text)


def _declared(binding: Binding) -> Resolution | None:
    """Return what the contract itself says about a test that is not here to be looked for."""
    if binding.kind is BindingKind.TEXT and not binding.details:
        return None  # by far the most common case
    repository = binding.details.get("repository")
    if repository or binding.kind is BindingKind.EXTERNAL:
        reason = f"declared to stand in {repository or 'a repository without a name'}"
        return Resolution(BindingClass.EXTERNAL, binding.text, reason)
    if binding.kind in _DECLARED:
        return Resolution(_DECLARED[binding.kind], binding.text, binding.reason)
    if binding.kind is BindingKind.ABSENT:
        return Resolution(BindingClass.ABSENT, "", "no test is named")
    return None


def cargo_arguments(binding: Binding) -> tuple[str, ...]:
    """Return the command that a structured binding stands for: one exact test of one target."""
    details = binding.details
    argv = ["cargo", "test"]
    if manifest := details.get("manifest"):
        argv += ["--manifest-path", str(manifest)]
    argv += ["-p", str(details.get("package", ""))]
    argv += ["--test", str(details["target"])] if details.get("target") else ["--lib"]
    features = details.get("features") or ()
    for feature in [features] if isinstance(features, str) else features:
        argv += ["--features", str(feature)]
    argv += [str(details.get("filter", "")), "--", "--exact"]
    return (*argv, "--ignored") if details.get("ignored") else tuple(argv)
