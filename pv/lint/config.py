"""What `[tool.pv]` in pyproject.toml, or pv.toml, says about linting, and where each value is from.

The file is looked for in the root of the registry and above it, up to the top of its git checkout;
without git in the root alone. A key that nobody knows is an error: a setting that is misspelt must
not look like one that holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.errors import UsageError
from pv.files import plain_bytes
from pv.lint.options import Options
from pv.marks import Mark, Span
from pv.model.verdict import Severity

FORMATS: Final = (
    "text",
    *("concise", "json", "jsonl", "sarif", "junit", "github", "markdown", "auto"),
)
"""What `format` may be: the names of the formats of findings."""
_FLAGS: Final = ("strict", "strict_test_binding")
_TEXTS: Final = ("format", "base", "baseline", "templates")
_NOTHING: Final[Mapping[str, Any]] = {}
_MAY_HOLD: Final = re.compile(r"""tool["']?[ \t]*(?:\.[ \t]*["']?pv\b|[\]=])|\\[uU]""")
"""What stands in every TOML text with a table `tool.pv`, in one of its spellings."""
_TRUSTED: Final = "trusted_keys"
_LARGEST: Final = 1 << 22
"""Bytes of a file with settings that is read."""
KEYS: Final = (*_FLAGS, *_TEXTS, "select", _TRUSTED, "severity", "ignore")


class Setting(NamedTuple):
    """One value that applies: its name, as people write it, and where it is from."""

    name: str
    value: str
    source: str


class Flags(NamedTuple):
    """What the command line says; None and False where it says nothing."""

    strict: bool = False
    strict_test_binding: bool = False
    base: str | None = None
    baseline: Path | None = None
    select: tuple[str, ...] = ()


class Configuration(NamedTuple):
    """One configuration file, checked; empty where there is none."""

    path: Path | None = None
    text: str = ""
    values: Mapping[str, Any] = _NOTHING

    def place(self, key: str, table: str = "") -> str:
        """Return file and line of a key, for people."""
        span = _span(self, key, table)
        return f"{span.file}:{span.start.line}"


class Applied(NamedTuple):
    """The options that hold, and each setting behind them."""

    options: Options
    settings: tuple[Setting, ...]
    baseline: Path | None
    """The baseline file that was asked for, whether it is there or not."""
    format: str
    """How findings are written where the command line names no format."""


def apply(root: Path, flags: Flags | None = None, *, read_baseline: bool = True) -> Applied:
    """Return what applies to a registry: a flag before the file, the file before the default.

    Raises UsageError for a file or a baseline that cannot be followed; for a value that a file
    holds, with file, line and key. The base revision is not asked for here.
    """
    flags, found = flags or Flags(), find(root)
    picked = {key: _picked(key, flags, found) for key in (*_FLAGS, *_TEXTS, "select", _TRUSTED)}
    severities, ignored = found.values.get("severity", {}), found.values.get("ignore", {})
    settings = [Setting(key, _shown(value), source) for key, (value, source) in picked.items()]
    for table, rows in (("severity", severities), ("ignore", ignored)):
        settings += [Setting(f"{table}.{k}", v, found.place(k, table)) for k, v in rows.items()]
    path = picked["baseline"][0]
    from_file = None if flags.baseline else found
    options = Options(
        strict=picked["strict"][0],
        strict_test_binding=picked["strict_test_binding"][0],
        base=picked["base"][0],
        severities={rule: Severity(severities[k]) for k in severities for rule in _ids_of(k)},
        ignored=tuple(sorted({rule for name in ignored for rule in _ids_of(name)})),
        baseline=_fingerprints(path, from_file) if path and read_baseline else None,
        base_place=_span(found, "base") if "base" in found.values and not flags.base else None,
        selected=_selected(picked["select"][0]),
    )
    return Applied(options, tuple(settings), path, picked["format"][0])


_DEFAULTS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(_FLAGS, False),
    "format": "text",
    "select": (),
    _TRUSTED: None,
}


def templates_folder(root: Path) -> Path | None:
    """Return the folder that `templates` names; None where no configuration does.

    It counts from the folder of the file. Raises UsageError, with file, line and key, for one that
    lies outside of it.
    """
    found = find(root)
    if found.path is None or "templates" not in found.values:
        return None
    home = found.path.resolve().parent
    folder: Path = (home / found.values["templates"]).resolve()
    if not folder.is_relative_to(home) or folder == home:
        shown = _short(found.values["templates"])
        raise _fault(found, "templates", f"templates is {shown}, expected a folder below {home}")
    return folder


def check_base(root: Path, options: Options) -> None:
    """Raise UsageError where a base revision is asked for and is not there."""
    if options.base is not None:
        from pv.registry.revision import read_revision  # noqa: PLC0415 - starts git: rarely asked

        if problem := read_revision(root, options.base, ()).problem:
            raise options.base_fault(problem)


def trusted_keys(root: Path) -> tuple[Path, ...]:
    """Return the public keys that receipts are verified with; none where none is configured.

    They count from the folder of the file.
    """
    found = find(root)
    named = found.values.get(_TRUSTED, ()) if found.path else ()
    return tuple(found.path.parent / each for each in named) if found.path else ()


def _picked(key: str, flags: Flags, found: Configuration) -> tuple[Any, str]:
    """Return a value and where it is from; a path in a file counts from the file's folder."""
    if given := getattr(flags, key, None):
        return given, "flag"
    if key not in found.values:
        return _DEFAULTS.get(key), "default"
    value = found.values[key]
    if key == "baseline" and found.path is not None:
        value = found.path.parent / value
    return value, found.place(key)


def find(root: Path) -> Configuration:
    """Return the nearest configuration; raises UsageError for one that cannot be followed."""
    for folder in _folders(root.resolve()):
        own, shared = folder / "pv.toml", _shared(folder / "pyproject.toml")
        if own.is_symlink() or own.exists():
            if not own.is_file():
                raise UsageError(f"{own}: is no file, expected a configuration")
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
    text, data = _read(path, unless=_MAY_HOLD)
    tool = data.get("tool")
    table = tool.get("pv") if isinstance(tool, dict) else None
    if table is None:
        return None
    configuration = Configuration(path, text, table if isinstance(table, dict) else {})
    if not isinstance(table, dict):
        raise _fault(configuration, "pv", "tool.pv is no table, expected [tool.pv]")
    return configuration


def _read(path: Path, unless: re.Pattern[str] | None = None) -> tuple[str, dict[str, Any]]:
    """Return a text and its data; a text in which `unless` finds nothing is not looked into."""
    try:
        content = plain_bytes(path, _LARGEST)
        if content is None:
            raise UsageError(f"{path}: expected a plain file of at most {_LARGEST:,} bytes")
        text = content.decode()
        if unless is not None and not unless.search(text):
            return text, {}
        import tomllib  # noqa: PLC0415 - twenty milliseconds where there is no configuration

        return text, tomllib.loads(text)
    except OSError as fault:
        raise UsageError(f"{path}: cannot be read ({fault.strerror})") from None
    except (ValueError, RecursionError) as fault:  # no UTF-8, no TOML
        said = " ".join(str(fault).split())
        raise UsageError(f"{path}: no TOML: {said}", advice="correct the file") from None


def _checked(found: Configuration) -> Configuration:
    for key, value in found.values.items():
        if key not in KEYS:
            from pv.yamlfile.shapes import nearest  # noqa: PLC0415 - only for what is misspelt

            meant = nearest(key, KEYS)
            advice = f"did you mean {meant}?" if meant else f"known keys: {', '.join(KEYS)}"
            raise _fault(found, key, f'unknown key "{_short(key)}"', advice)
        if key in _FLAGS and not isinstance(value, bool):
            raise _fault(found, key, f"{key} is {_short(value)}, expected true or false")
        if key in _TEXTS and not (isinstance(value, str) and value):
            raise _fault(found, key, f"{key} is {_short(value)}, expected a text")
        if key == "format" and value not in FORMATS:
            words = ", ".join(FORMATS)
            raise _fault(found, key, f"format is {_short(value)}, expected one of {words}")
        if key == "select":
            _check_selected(found, value)
        if key == _TRUSTED and not (
            isinstance(value, list) and all(isinstance(each, str) and each for each in value)
        ):
            raise _fault(found, key, f"{key} is {_short(value)}, expected a list of files")
        if key in {"severity", "ignore"}:
            _check_rules(found, key, value)
    return found


def _check_selected(found: Configuration, value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or not value:
        what = f"select is {_short(value)}, expected a list of rules"
        raise _fault(found, "select", what, 'write select = ["PV-VER", "unknown-key"]')
    try:
        _selected(value)
    except UsageError as error:
        raise _fault(found, "select", f"select: {error.message}", error.advice) from None


def _selected(words: Iterable[str]) -> frozenset[str] | None:
    """Return the ids that words select; None where there are none, so that every rule is asked."""
    every = [one for word in words for one in word.split(",") if one.strip()]
    if not every:
        return None
    from pv.lint.catalogue import select  # noqa: PLC0415 - every rule there is

    return select(every)


def _ids_of(name: str) -> tuple[str, ...]:
    from pv.lint.catalogue import ids_of  # noqa: PLC0415 - every rule there is

    return ids_of(name)


def _check_rules(found: Configuration, key: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise _fault(found, key, f"{key} is {_short(table)}, expected a table of rules")
    from pv.lint.suppress import KEPT  # noqa: PLC0415 - only where rules are named

    words = [each.value for each in Severity]
    for name, value in table.items():
        try:
            rules = _ids_of(name)
        except UsageError as error:
            raise _fault(found, name, f"{key}: {error.message}", error.advice, key) from None
        for rule in rules:
            if rule.startswith(KEPT):
                what = f"{key}: {rule} always counts, expected another rule"
                raise _fault(found, name, what, table=key)
        if key == "severity" and value not in words:
            what = f"severity of {name} is {_short(value)}, expected one of {', '.join(words)}"
            raise _fault(found, name, what, table=key)
        if key == "ignore" and not (isinstance(value, str) and value.strip()):
            what = f"{name} is ignored without a reason, expected a text"
            raise _fault(found, name, what, f'write {name} = "the reason"', key)


def _fault(
    found: Configuration, key: str, message: str, advice: str = "", table: str = ""
) -> UsageError:
    return UsageError(message, span=_span(found, key, table), advice=advice)


def _span(found: Configuration, key: str, table: str = "") -> Span:
    """Return where a key stands: the first line that sets it, or names its table.

    A key of a `table` is looked for from where that is named.
    """
    word = re.escape(key)
    row = re.compile(rf"""(?m)^[^#\n]*?(?<![\w-])(["']?{word}["']?)[ \t]*[=.\]]""")
    before = _span(found, table).start.line - 1 if table else 0
    start = sum(len(one) + 1 for one in found.text.split("\n")[:before])
    match = row.search(found.text, start)
    index = match.start(1) if match else 0
    line = found.text.count("\n", 0, index) + 1
    column = index - found.text.rfind("\n", 0, index)
    file = found.path.name if found.path else ""
    return Span(file, Mark(line, column), Mark(line, column + len(key)))


def _fingerprints(path: Path, found: Configuration | None) -> Mapping[str, str]:
    """Return what a baseline holds; `found` is the configuration that names it."""
    from pv.lint.baseline import load  # noqa: PLC0415 - only where there is a baseline

    try:
        return {one.fingerprint: one.rule for one in load(path)}
    except UsageError as error:
        if found is None:
            raise
        raise _fault(found, "baseline", f"baseline: {error.message}", error.advice) from None


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(value) or "every rule"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return ascii(text if len(text) <= 60 else f"{text[:60]}…")[1:-1]
