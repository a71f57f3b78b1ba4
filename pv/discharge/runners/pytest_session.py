"""Runs one pytest node in this process and reports what became of each test, by its node id.

What counts is what was seen: a test that was collected and not run, skipped, deselected or expected
to fail is none that passed.
"""

from __future__ import annotations

import configparser
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

_SECTIONS: Final = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "pyproject.toml": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""Files that configure pytest, in its own order, with the section that makes them do so."""


def run_node(node: str, root: Path) -> dict[str, Any]:
    """Run a node id relative to `root`; return the tests seen and the faults of collecting them.

    Numbers that a test records with `record_property` come back with it. Nothing above `root`
    counts: neither a configuration nor a `conftest.py`.
    """
    import pytest  # noqa: PLC0415 - in the process that runs tests, and nowhere else

    sys.dont_write_bytecode = True
    watcher = _Watcher()
    places = ["--rootdir", str(root), "--confcutdir", str(root), "-c", str(configuration(root))]
    code = pytest.main(["-p", "no:cacheprovider", "-q", *places, node], plugins=[watcher])
    return {
        "tests": [{"name": name, **one} for name, one in watcher.tests.items()],
        "faults": watcher.faults,
        "deselected": watcher.deselected,
        "aborted": watcher.aborted,
        "code": int(code),
    }


def configuration(root: Path) -> Path:
    """Return the file in `root` that configures pytest, or an empty one."""
    for name, section in _SECTIONS.items():
        file = root / name
        if file.is_file() and (not section or _configures(file, section)):
            return file
    return Path(os.devnull)


def _configures(file: Path, section: str) -> bool:
    """Whether a file has the section; one that cannot be read is left for pytest to complain of."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".toml":
            return section in tomllib.loads(text).get("tool", {})
        found = configparser.RawConfigParser(strict=False)
        found.read_string(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, configparser.Error):
        return True
    return found.has_section(section)


class _Watcher:
    """A plugin that notes the reports of every test."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self.deselected: list[str] = []
        self.aborted = ""

    def pytest_collection_finish(self, session: Any) -> None:
        """Note what is about to run; an outcome that stays empty is a test that did not end."""
        for item in session.items:
            self._test(item.nodeid)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Note why the session ended before its time."""
        self.aborted = f"{excinfo.typename}: {excinfo.value}"[:300]

    def _test(self, node: str) -> dict[str, Any]:
        return self.tests.setdefault(node, {"outcome": "", "text": "", "numbers": {}})

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note one phase; a test has passed when its call passed and no phase failed."""
        test = self._test(report.nodeid)
        if hasattr(report, "wasxfail"):
            test["outcome"] = "xpassed" if report.passed else "xfailed"
            test["text"] = str(report.wasxfail)
        elif report.failed and report.when != "call":
            test.update(outcome="error", text=f"{report.when}: {_last_line(report)}")
        elif not report.passed:
            test.update(outcome=report.outcome, text=_last_line(report))
        elif report.when == "call":
            test["outcome"] = "passed"
        test["numbers"].update(_numbers(report.user_properties))

    def pytest_collectreport(self, report: Any) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.faults.append(f"{report.nodeid}: {_last_line(report)}")

    def pytest_deselected(self, items: Sequence[Any]) -> None:
        """Note what was collected and is not run."""
        self.deselected += [each.nodeid for each in items]


def _numbers(properties: Sequence[tuple[str, object]]) -> dict[str, float]:
    return {
        name: value
        for name, value in properties
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _last_line(report: Any) -> str:
    """Return the line of a report that says what happened."""
    found = report.longrepr
    if isinstance(found, tuple):  # of a skip: file, line, reason
        return str(found[2])
    crash = getattr(found, "reprcrash", None)
    text = str(crash.message if crash else found)
    lines = [line for line in text.splitlines() if line.strip()]
    return (lines[0] if crash else lines[-1])[:300] if lines else ""
