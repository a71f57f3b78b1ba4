"""Tells commands from sentences, and looks whether the script that a command names exists."""

from __future__ import annotations

import re
from pathlib import Path

from pv.bindings.command_text import WRAPPERS, Command
from pv.bindings.interface import BindingClass, Refusal, Resolution, dangling
from pv.bindings.places import inside

_INTERPRETERS = frozenset(
    {"bash", "sh", "zsh", "dash", "python", "python3", "node", "ruby", "perl", "source", "."}
)
_TOOLS = frozenset(
    {
        "[", "[[", "apr", "awk", "b3sum", "bc", "brew", "cargo", "chmod", "cmake", "cmp", "cp",
        "curl", "docker", "egrep", "exit", "fgrep", "forjar", "g++", "gcc", "gh", "git", "go",
        "gpg", "grep", "gunzip", "gzip", "hf", "jq", "just", "kubectl", "lake", "lean", "ln",
        "llama-cli", "ls", "lscpu", "make", "md5sum", "mkdir", "mv", "mypy", "nm", "npm", "npx",
        "ncu", "nsys", "nvcc", "nvidia-smi", "objdump", "ollama", "pip", "pmat", "podman",
        "printf", "probador", "ptxas", "pv", "rg", "rm", "rsync", "ruff", "rustc", "rustup", "sed",
        "sha256sum", "shasum", "shellcheck", "sqlite3", "ssh", "strace", "tar", "tee", "tox", "tr",
        "trueno", "uname", "unzip", "wc", "wget", "xargs", "yamllint", "yq", "zip",
    }
)  # fmt: skip
_ALSO_WORDS = frozenset(
    {
        "cat", "cut", "diff", "echo", "false", "file", "find", "head", "kill", "read", "sleep",
        "sort", "split", "stat", "tail", "test", "touch", "true", "watch", "which", "yes", "make",
        "go", "just",
    }
)  # fmt: skip
"""Commands that also begin sentences: taken for a command only with an option or a path."""

_SENTENCE = frozenset({"a", "and", "for", "is", "must", "of", "or", "should", "the", "to", "with"})
"""Two of these words in a command without options make it a sentence."""

_LOOPS = {"for": "done", "while": "done", "until": "done", "if": "fi"}
_SENTENCE_LINE = re.compile(r"([A-Za-z]+) [^\n`$#\\|&;<>'\"=]*", re.ASCII)
_HEADS = (
    _INTERPRETERS | _TOOLS | _ALSO_WORDS | WRAPPERS | {"pytest", "cd", "set", "export", *_LOOPS}
)
"""Words that may begin a command, or stand before one."""


def is_command(command: Command) -> bool:
    """Return whether a list of words is a command and not the beginning of a sentence."""
    head, *rest = command.argv
    name = head.rsplit("/", 1)[-1]
    if len(_SENTENCE & set(rest)) > 1 and not any(word.startswith("-") for word in rest):
        return False
    if head in _ALSO_WORDS:
        return any(_marks_command(word) for word in rest) or len(rest) <= 1
    if name in _TOOLS or head in _INTERPRETERS:
        return True
    return is_path(head) and not head.endswith((".", ":", ","))


def begins_sentence(text: str) -> bool:
    """Tell at a glance that a text is no command: one line whose first word starts none.

    A text for which this is not told may be a sentence as well.
    """
    found = _SENTENCE_LINE.fullmatch(text)
    return found is not None and found[1] not in _HEADS and not found[1].startswith("python")


def is_loop(text: str) -> bool:
    """Return whether a text is a shell loop or condition, by its first and last word."""
    words = text.replace(";", " ").split()
    return len(words) > 3 and words[-1] == _LOOPS.get(words[0])


def is_path(word: str) -> bool:
    """Return whether a word names a script: with an ending, or from a folder."""
    return word.endswith((".sh", ".py", ".bash")) or word.startswith("./")


def _marks_command(word: str) -> bool:
    return word.startswith(("-", "$", "./")) or "/" in word or word in {"=", "==", "!="}


def resolve_shell(root: Path, command: Command) -> Resolution:
    """Return SHELL where the script that the command starts exists, or where it starts none."""
    script = _script(command.argv)
    if script is not None:
        named = f"{command.folder}/{script}" if command.folder else script
        place = inside(root, named)
        if isinstance(place, Refusal):
            return dangling(command.text, place.reason)
        if not place.is_file():
            return dangling(command.text, f"{named} is not a file")
    return Resolution(BindingClass.SHELL, command.text, script or "")


def _script(argv: tuple[str, ...]) -> str | None:
    """Return the script among the words: the command itself, or an interpreter's first argument."""
    head, *rest = argv
    if head not in _INTERPRETERS:
        return head if is_path(head) else None
    for word in rest:
        if word in {"-c", "-m", "-e"}:
            return None
        if not word.startswith("-"):
            return word
    return None
