"""What `[tool.pv]` in pyproject.toml, or pv.toml, says about linting, and where each value is from.

The file is looked for in the root of the registry and above it, up to the top of its git checkout;
without git in the root alone. A key that nobody knows is an error: a setting that is misspelt must
not look like one that holds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.errors import UsageError
from pv.lint import baseline
from pv.lint.catalogue import ids_of
from pv.lint.options import Options
from pv.lint.suppress import KEPT
from pv.marks import Mark, Span
from pv.model.verdict import Severity
from pv.yamlfile.shapes import nearest

KEYS: Final = ("strict", "strict_test_binding", "base", "baseline", "severity", "ignore")
_FLAGS: Final = ("strict", "strict_test_binding")
_TEXTS: Final = ("base", "baseline")


class Setting(NamedTuple):
    """One value that applies: its name, as people write it, and where it is from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line says; None and False where it says nothing."""

    strict: bool = False
    strict_test_binding: bool = False
    base: str | None = None
    baseline: Path | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration file, checked; empty where there is none."""

    path: Path | None = None
    text: str = field(default="", repr=False)
    values: Mapping[str, Any] = field(default_factory=dict)

    def place(self, key: str) -> str:
        """Return file and line of a key, for people."""
        span = _span(self, key)
        return f"{span.file}:{span.start.line}"


@dataclass(frozen=True, slots=True)
class Applied:
    """The options that hold, and each setting behind them."""

    options: Options
    settings: tuple[Setting, ...]
    baseline: Path | None
    """The baseline file that was asked for, whether it is there or not."""


def apply(root: Path, flags: Flags | None = None, *, read_baseline: bool = True) -> Applied:
    """Return what applies to a registry: a flag before the file, the file before the default.

    Raises UsageError for a file or a baseline that cannot be followed.
    """
    flags, found = flags or Flags(), find(root)
    picked = {key: _picked(key, flags, found) for key in (*_FLAGS, *_TEXTS)}
    severities, ignored = found.values.get("severity", {}), found.values.get("ignore", {})
    settings = [Setting(key, _shown(value), source) for key, (value, source) in picked.items()]
    settings += [Setting(f"severity.{k}", v, found.place(k)) for k, v in severities.items()]
    settings += [Setting(f"ignore.{k}", v, found.place(k)) for k, v in ignored.items()]
    path = picked["baseline"][0]
    options = Options(
        strict=picked["strict"][0],
        strict_test_binding=picked["strict_test_binding"][0],
        base=picked["base"][0],
        severities={
            rule: Severity(word) for name, word in severities.items() for rule in ids_of(name)
        },
        ignored=tuple(sorted({rule for name in ignored for rule in ids_of(name)})),
        baseline=_fingerprints(path) if path and read_baseline else None,
    )
    return Applied(options, tuple(settings), path)


def _picked(key: str, flags: Flags, found: Configuration) -> tuple[Any, str]:
    """Return a value and where it is from; a path in a file counts from the file's folder."""
    if given := getattr(flags, key):
        return given, "flag"
    if key not in found.values:
        return (False if key in _FLAGS else None), "default"
    value = found.values[key]
    if key == "baseline" and found.path is not None:
        value = found.path.parent / value
    return value, found.place(key)


def find(root: Path) -> Configuration:
    """Return the nearest configuration; raises UsageError for one that cannot be followed."""
    for folder in _folders(root.resolve()):
        own, shared = folder / "pv.toml", _shared(folder / "pyproject.toml")
        if own.is_file():
            if shared is not None:
                advice = "keep one of the two"
                message = f"pv.toml and [tool.pv] of pyproject.toml both stand in {folder}"
                raise UsageError(message, advice=advice)
            text, data = _read(own)
            return _checked(Configuration(own, text, data))
        if shared is not None:
            return _checked(shared)
    return Configuration()


def _folders(root: Path) -> tuple[Path, ...]:
    above = (root, *root.parents)
    for number, folder in enumerate(above, 1):
        if (folder / ".git").exists():
            return above[:number]
    return (root,)


def _shared(path: Path) -> Configuration | None:
    if not path.is_file():
        return None
    text, data = _read(path)
    tool = data.get("tool")
    table = tool.get("pv") if isinstance(tool, dict) else None
    if table is None:
        return None
    configuration = Configuration(path, text, table if isinstance(table, dict) else {})
    if not isinstance(table, dict):
        raise _fault(configuration, "pv", "tool.pv is no table, expected [tool.pv]")
    return configuration


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_bytes().decode()
        return text, tomllib.loads(text)
    except OSError as fault:
        raise UsageError(f"{path}: cannot be read ({fault.strerror})") from None
    except (UnicodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        said = " ".join(str(fault).split())
        raise UsageError(f"{path}: no TOML: {said}", advice="correct the file") from None


def _checked(found: Configuration) -> Configuration:
    for key, value in found.values.items():
        if key not in KEYS:
            meant = nearest(key, KEYS)
            advice = f"did you mean {meant}?" if meant else f"known keys: {', '.join(KEYS)}"
            raise _fault(found, key, f'unknown key "{_short(key)}"', advice)
        if key in _FLAGS and not isinstance(value, bool):
            raise _fault(found, key, f"{key} is {_short(value)}, expected true or false")
        if key in _TEXTS and not (isinstance(value, str) and value):
            raise _fault(found, key, f"{key} is {_short(value)}, expected a text")
        if key in {"severity", "ignore"}:
            _check_rules(found, key, value)
    return found


def _check_rules(found: Configuration, key: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise _fault(found, key, f"{key} is {_short(table)}, expected a table of rules")
    words = [each.value for each in Severity]
    for name, value in table.items():
        try:
            rules = ids_of(name)
        except UsageError as error:
            raise _fault(found, name, f"{key}: {error.message}", error.advice) from None
        for rule in rules:
            if rule.startswith(KEPT):
                raise _fault(found, name, f"{key}: {rule} always counts, expected another rule")
        if key == "severity" and value not in words:
            what = f"severity of {name} is {_short(value)}, expected one of {', '.join(words)}"
            raise _fault(found, name, what)
        if key == "ignore" and not (isinstance(value, str) and value.strip()):
            what = f"{name} is ignored without a reason, expected a text"
            raise _fault(found, name, what, f'write {name} = "the reason"')


def _fault(found: Configuration, key: str, message: str, advice: str = "") -> UsageError:
    return UsageError(message, span=_span(found, key), advice=advice)


def _span(found: Configuration, key: str) -> Span:
    """Return where a key stands: the first line that sets it, or names its table."""
    word = re.escape(key)
    match = re.search(rf"""(?m)^[^#\n]*?(?<![\w-])(["']?{word}["']?)[ \t]*[=.\]]""", found.text)
    index = match.start(1) if match else 0
    line = found.text.count("\n", 0, index) + 1
    column = index - found.text.rfind("\n", 0, index)
    file = found.path.name if found.path else ""
    return Span(file, Mark(line, column), Mark(line, column + len(key)))


def _fingerprints(path: Path) -> Mapping[str, str]:
    return {one.fingerprint: one.rule for one in baseline.load(path)}


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return ascii(text if len(text) <= 60 else f"{text[:60]}…")[1:-1]
