"""Reads the arguments of `cargo test` and `cargo nextest run`: which tests they select.

The options are those that `cargo test --help`, `cargo nextest run --help` and the test runner's own
`--help` list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TARGET_OPTIONS = {"--bin": "bin", "--test": "test", "--example": "example", "--bench": "bench"}
_TARGET_SETS = {
    "--lib": "lib",
    "--bins": "bin",
    "--tests": "test",
    "--examples": "example",
    "--benches": "bench",
}

_CARGO_VALUES = frozenset(
    {
        "-j", "--jobs", "--target", "--target-dir", "--profile", "--config", "--color", "-Z",
        "--message-format", "--lockfile-path", "-C",
    }
)  # fmt: skip
_CARGO_SWITCHES = frozenset(
    {
        "-r", "--release", "--no-fail-fast", "--ignore-rust-version", "--locked", "--offline",
        "--frozen", "-q", "--quiet", "-v", "-vv", "--verbose", "--timings", "--unit-graph",
        "--future-incompat-report",
    }
)  # fmt: skip
_NEXTEST_VALUES = _CARGO_VALUES - {"--profile"} | {
    "--cargo-profile", "-P", "--profile", "--partition", "--test-threads", "--retries",
    "--failure-output", "--success-output", "--status-level", "--final-status-level",
    "--max-fail", "--no-tests", "--build-jobs", "--config-file", "--archive-file",
    "--message-format-version",
}  # fmt: skip
_NEXTEST_SWITCHES = _CARGO_SWITCHES | {
    "--no-capture", "--nocapture", "--fail-fast", "--ff", "--nff", "--hide-progress-bar",
    "--all-targets",
}  # fmt: skip
_RUNNER_VALUES = frozenset(
    {"--test-threads", "--format", "--color", "--logfile", "-Z", "--shuffle-seed"}
)
_RUNNER_SWITCHES = frozenset(
    {
        "--nocapture", "--no-capture", "--show-output", "-q", "--quiet", "--report-time",
        "--ensure-time", "--shuffle", "--test", "--bench", "--force-run-in-process",
        "--exclude-should-panic",
    }
)  # fmt: skip
_PACKAGE = re.compile(r"(?:.*[#/])?(?P<name>[\w*?-]+?)(?:@[\d.]+|:[\d.]+)?$")


@dataclass(slots=True)
class CargoSelection:
    """Which tests a command runs."""

    packages: list[str] = field(default_factory=list)
    """Globs of package names; empty means the workspace."""
    excluded: list[str] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)
    """(kind, glob of its name); empty means all that are tested by default."""
    filters: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)
    exact: bool = False
    run_ignored: str = "no"
    """`no`, `only` or `also`."""
    features: set[str] = field(default_factory=set)
    all_features: bool = False
    default_features: bool = True
    manifest: str = ""
    fault: str = ""
    """Why the command runs no test, or none that can be known; empty where it does."""
    sentence: bool = False
    """More than one free word where cargo takes one: prose that begins with a command."""
    pattern: str = ""
    """A nextest filter expression that selects by more than an exact name."""


def parse_cargo_test(argv: tuple[str, ...]) -> CargoSelection | None:
    """Return what a `cargo test`, `cargo t` or `cargo nextest run` selects.

    None for any other command.
    """
    words = list(argv)
    if not words or words.pop(0).rsplit("/", 1)[-1] != "cargo":
        return None
    if words and words[0].startswith("+"):
        words.pop(0)
    while words and words[0] in _CARGO_SWITCHES:
        words.pop(0)
    if words[:1] in (["test"], ["t"]):
        return _read(words[1:], nextest=False)
    if words[:2] in (["nextest", "run"], ["nextest", "r"]):
        return _read(words[2:], nextest=True)
    return None


def _read(words: list[str], *, nextest: bool) -> CargoSelection:
    selection = CargoSelection()
    cut = words.index("--") if "--" in words else len(words)
    before = _split_values(words[:cut])
    free = _cargo_options(selection, before, nextest=nextest)
    selection.sentence = len(free) > 1 and not nextest
    selection.filters.extend(free)
    _runner_options(selection, _split_values(words[cut + 1 :]))
    return selection


def _split_values(words: list[str]) -> list[str]:
    """Write `--option=value` as two words, and `-pname` too."""
    split: list[str] = []
    for word in words:
        option, equals, value = word.partition("=")
        if equals and option.startswith("-"):
            split.extend((option, value))
        elif re.match(r"-[pFjE][\w-]", word):
            split.extend((word[:2], word[2:]))
        else:
            split.append(word)
    return split


def _cargo_options(selection: CargoSelection, words: list[str], *, nextest: bool) -> list[str]:
    """Take cargo's own options into `selection` and return the free words."""
    values = _NEXTEST_VALUES if nextest else _CARGO_VALUES
    switches = _NEXTEST_SWITCHES if nextest else _CARGO_SWITCHES
    free: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in values:
            if next(rest, None) is None:
                selection.fault = f"{word} lacks its value"
        elif word in switches:
            continue
        elif word in _TARGET_OPTIONS or word in _SELECTING_VALUES or (nextest and word in _NEXTEST):
            value = next(rest, None)
            if value is None:
                selection.fault = f"{word} lacks its value"
            else:
                _take(selection, word, value)
        elif word in _TARGET_SETS:
            selection.targets.append((_TARGET_SETS[word], "*"))
        elif not _take_switch(selection, word):
            if word.startswith("-"):
                selection.fault = f"cargo knows no option {word} here"
            else:
                free.append(word)
    return free


_SELECTING_VALUES = frozenset(
    {"-p", "--package", "--exclude", "-F", "--features", "--manifest-path"}
)
_NEXTEST = frozenset({"-E", "--filter-expr", "--filterset", "--run-ignored"})


def _take(selection: CargoSelection, option: str, value: str) -> None:
    """Take an option that selects, with its value."""
    if option in _TARGET_OPTIONS:
        selection.targets.append((_TARGET_OPTIONS[option], value))
    elif option in {"-p", "--package"}:
        selection.packages.append(package_name(value))
    elif option == "--exclude":
        selection.excluded.append(package_name(value))
    elif option in {"-F", "--features"}:
        selection.features.update(each.rsplit("/", 1)[-1] for each in re.split(r"[ ,]+", value))
    elif option == "--manifest-path":
        selection.manifest = value
    elif option == "--run-ignored":
        modes = {"only": "only", "ignored-only": "only", "all": "also", "default": "no"}
        selection.run_ignored = modes.get(value, "no")
    else:
        _take_expression(selection, value)


def _take_switch(selection: CargoSelection, word: str) -> bool:
    """Take a switch that selects; return whether `word` is one."""
    if word in {"--no-run", "--doc", "--help", "-h", "--list"}:
        selection.fault = f"{word} runs no test function"
    elif word == "--all-features":
        selection.all_features = True
    elif word == "--no-default-features":
        selection.default_features = False
    elif word in {"--workspace", "--all"}:
        selection.packages.clear()
    elif word == "--all-targets":
        selection.targets.extend((kind, "*") for kind in _TARGET_SETS.values())
    else:
        return False
    return True


def _take_expression(selection: CargoSelection, expression: str) -> None:
    """Take a nextest expression: `test(=exact::name)` names a test, anything else is a pattern."""
    named = re.fullmatch(r"\s*test\(=\s*([\w:]+)\s*\)\s*", expression)
    if named:
        selection.filters.append(named.group(1))
        selection.exact = True
    else:
        selection.pattern = expression


def _runner_options(selection: CargoSelection, words: list[str]) -> None:
    """Take what stands after `--`: options and filters of the test runner."""
    rest = iter(words)
    for word in rest:
        if word == "--exact":
            selection.exact = True
        elif word == "--ignored":
            selection.run_ignored = "only"
        elif word == "--include-ignored":
            selection.run_ignored = "also"
        elif word == "--skip":
            selection.skips.append(next(rest, ""))
        elif word in _RUNNER_VALUES:
            next(rest, None)
        elif word in _RUNNER_SWITCHES:
            continue
        elif word in {"--list", "--help", "-h"}:
            selection.fault = f"{word} runs no test function"
        elif word.startswith("-"):
            selection.fault = f"the test runner knows no option {word}"
        else:
            selection.filters.append(word)


def package_name(text: str) -> str:
    """Return the package name in a package specification (`name`, `name@1.2`, a URL with `#`)."""
    match = _PACKAGE.fullmatch(text)
    return match.group("name") if match else text
