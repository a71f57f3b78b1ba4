"""Reads the arguments of a pytest command: the node ids it names."""

from __future__ import annotations

from typing import NamedTuple

_VALUES = frozenset(
    {
        "-n", "-c", "-o", "-p", "-W", "-r", "--rootdir", "--maxfail", "--durations", "--tb",
        "--color", "--junitxml", "--cov", "--timeout", "--import-mode", "--log-level", "--basetemp",
        "--confcutdir", "--numprocesses", "--dist", "--capture", "--cov-report", "--log-file",
    }
)  # fmt: skip
_PATTERNS = frozenset({"-k", "-m", "--deselect", "--ignore", "--ignore-glob"})
_NO_RUN = frozenset({"--collect-only", "--co", "--help", "-h", "--version", "--fixtures"})


class PytestSelection(NamedTuple):
    """What a pytest command selects."""

    nodes: tuple[str, ...]
    pattern: str = ""
    """An option that selects by pattern, with its value."""
    fault: str = ""
    """Why it runs no test."""


def parse_pytest(argv: tuple[str, ...]) -> PytestSelection | None:
    """Return the selection of `pytest …` and `python -m pytest …`; None for another command."""
    words = list(argv)
    if words and words[0].rsplit("/", 1)[-1].startswith("python") and words[1:2] == ["-m"]:
        words = words[2:]
    if not words or words.pop(0).rsplit("/", 1)[-1] not in {"pytest", "py.test"}:
        return None
    nodes: list[str] = []
    pattern = fault = ""
    rest = iter(words)
    for word in rest:
        option = word.partition("=")[0]
        if option in _PATTERNS:
            value = word.partition("=")[2] if "=" in word else next(rest, "")
            pattern = f"{option} {value}"
        elif word in _VALUES:
            next(rest, None)
        elif word in _NO_RUN:
            fault = f"{word} runs no test"
        elif not word.startswith("-"):
            nodes.append(word)
    return PytestSelection(tuple(nodes), pattern, fault)
