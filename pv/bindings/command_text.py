"""Splits the text of a command into argument lists, as a shell would, and never runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_SEPARATORS = "|&;<>\n"
_BLANKS = re.compile(r"[ \t\r]+")
_SPECIAL = re.compile(rf"[{re.escape(_SEPARATORS)}'\"\\]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_LEAST_TIMEOUT_WORDS = 2
_BEFORE = frozenset({"!", "time", "env", "nice", "sudo", "exec"})
_RUNNERS = frozenset({"uv", "poetry", "pipenv", "hatch"})
WRAPPERS = _BEFORE | _RUNNERS | {"timeout"}
"""Words that stand before a command."""

LONGEST = 16 * 1024
"""Characters of a text that is read as a command; anything longer is prose."""


class Command(NamedTuple):
    """One simple command: its arguments, and the folder that a `cd` before it leads to."""

    argv: tuple[str, ...]
    folder: str = ""

    @property
    def text(self) -> str:
        """Return it as one line."""
        line = shlex.join(self.argv)
        return f"cd {self.folder} && {line}" if self.folder else line


@lru_cache(maxsize=256)  # a text is asked about several times in a row
def split_commands(text: str) -> tuple[Command, ...] | None:
    """Return the commands of a text, or None where it is no command text at all.

    Comments, redirections, variable assignments, `cd`, `set` and `export` are taken away; of a
    pipeline only its head stays, because the head is what tests.
    """
    if len(text) > LONGEST:
        return None
    try:
        pieces = _commands_of(_unwrapped(text))
    except ValueError:  # an open quotation mark: a sentence with an apostrophe, not a command
        return None
    commands: list[Command] = []
    folder = ""
    for words in pieces:
        argv = _without_wrappers(words)
        if not argv or argv[0] in {"set", "export"}:
            continue
        if argv[0] == "cd" and len(argv) == 2:
            folder = argv[1]
            continue
        commands.append(Command(tuple(argv), folder))
    return tuple(commands)


def _unwrapped(text: str) -> str:
    """Take away a code fence, backticks around the whole, a prompt and line continuations."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text.split("\n", 1)[1][: -len("```")].strip()
    if len(text) > 1 and text[0] == text[-1] == "`" and "`" not in text[1:-1]:
        text = text[1:-1].strip()
    lines = [line.removeprefix("$ ") for line in text.replace("\\\n", " ").split("\n")]
    return "\n".join(lines)


def logical_lines(text: str) -> list[str]:
    """Return the lines of a text with continued ones joined, blank ones and comments left out."""
    lines = (line.strip() for line in _unwrapped(text).split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def _commands_of(text: str) -> list[list[str]]:
    """Return the words of each command of a text. Raises ValueError for an open quotation mark."""
    if _SPECIAL.search(text):
        return list(_pieces(_tokens(text)))
    words = [word for word in _BLANKS.split(text) if word]  # most texts are sentences: no lexer
    return list(_pieces(words)) if "#" in text else [words]


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _pieces(tokens: list[str]) -> Iterator[list[str]]:
    """Yield the words of each command; redirections, comments and pipeline tails are left out."""
    words: list[str] = []
    skip_target = comment = tail = False
    for token in tokens:
        if not token or token.strip(_SEPARATORS):
            comment = comment or token.startswith("#")
            if not (comment or tail or skip_target):
                words.append(token)
            skip_target = False
            continue
        if comment and "\n" not in token:
            continue
        comment = False
        if "<" in token or ">" in token:
            skip_target = True
            if words and words[-1] in {"1", "2"}:
                words.pop()  # the number of the stream in `2>&1`
            continue
        yield words
        words, tail = [], token.strip() == "|"
    yield words


def _without_wrappers(words: list[str]) -> list[str]:
    """Drop what stands before the command itself: `!`, assignments, env, time, timeout, uv run."""
    while words:
        if words[0] in _BEFORE or _ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif words[0] == "timeout" and len(words) > _LEAST_TIMEOUT_WORDS:
            words = _after_timeout(words[1:])
        elif words[0] in _RUNNERS and words[1:2] == ["run"]:
            words = words[2:]
        else:
            return words
    return words


def _after_timeout(words: list[str]) -> list[str]:
    """Drop the options of `timeout` and its duration."""
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in {"-s", "-k", "--signal", "--kill-after"} else words[1:]
    return words[1:]
