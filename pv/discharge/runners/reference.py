"""What a test reference comes to: the runner that it asks for, or why nothing can run."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from pv.bindings.cargo_command import parse_cargo_test
from pv.bindings.command_text import Command, split_commands
from pv.bindings.pytest_command import parse_pytest
from pv.bindings.resolve import cargo_arguments
from pv.bindings.unjudgeable import command_fault
from pv.model.contract import Binding, BindingKind

_NODE: Final = re.compile(r"[\w./-]+\.py::[\w:]+(\[.*\])?")


def runnable(binding: Binding) -> Binding | str:
    """Return the binding as a runner takes it, or why none can run it.

    The texts of other teams are split into arguments; no shell ever sees them. A text runs where
    it names one pytest node or one `cargo test`, and nothing else does.
    """
    kind = binding.kind
    if kind is BindingKind.HARNESS:
        return binding
    if kind is BindingKind.PYTEST:
        return _node(binding, binding.text)
    if kind is BindingKind.CARGO:
        argv = binding.argv or (cargo_arguments(binding) if binding.details else ())
        return binding._replace(argv=argv) if argv else _text(binding)
    if kind is BindingKind.COMMAND:
        return _command(binding)
    if kind is BindingKind.TEXT:
        return _text(binding)
    return f"{kind}: {binding.reason or binding.text or 'nothing to run'}"


def _node(binding: Binding, node: str) -> Binding | str:
    path = PurePosixPath(node.partition("::")[0])
    if path.suffix != ".py" or path.is_absolute() or ".." in path.parts or node.startswith("-"):
        return f"pytest: {node}: expected path/to/test_file.py::test_name inside the registry"
    return binding._replace(kind=BindingKind.PYTEST, text=node)


def _text(binding: Binding) -> Binding | str:
    """Return what the text of a command asks for."""
    text = binding.text.strip()
    if _NODE.fullmatch(text):
        return _node(binding, text)
    commands = split_commands(text) or ()
    if len(commands) != 1:
        return f"{binding.kind}: {text}: expected one command or one test, found {len(commands)}"
    (command,) = commands
    pytest = parse_pytest(command.argv)
    if pytest is not None and not command.folder:
        if pytest.fault or pytest.pattern or len(pytest.nodes) != 1:
            return f"{binding.kind}: {text}: expected one pytest node id"
        return _node(binding, pytest.nodes[0])
    if parse_cargo_test(command.argv) is not None:
        return _cargo(binding, command)
    return f"{binding.kind}: {text}: no runner takes it; give `command` with `success`"


def _cargo(binding: Binding, command: Command) -> Binding | str:
    folder = PurePosixPath(command.folder or ".")
    if folder.is_absolute() or ".." in folder.parts:
        return f"{binding.kind}: {binding.text}: leads out of the registry"
    details = {**binding.details, "folder": str(folder)}
    return binding._replace(kind=BindingKind.CARGO, argv=command.argv, details=details)


def _command(binding: Binding) -> Binding | str:
    """Return a command with its declared success; without one its exit code would prove nothing."""
    fault = command_fault(binding)
    return f"command: {binding.text}: {fault.reason}" if fault else binding
