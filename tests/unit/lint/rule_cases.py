"""Runs one case of a rule's case file in a registry of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pv.lint.engine import lint
from pv.lint.fix import Mended, mend
from pv.lint.intake import take
from pv.lint.options import Options
from pv.lint.rule import Rule
from pv.lint.rules import RULES

GIT = shutil.which("git") or "git"
ALONE = "contracts/case-v1.yaml"
"""Where the text of a case stands that is a single contract."""


def build_registry(case: Mapping[str, Any], folder: Path) -> Options:
    """Write the files of a case, its base revision committed before them; return its options."""
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    if base := case.get("base_files"):
        _write(base, folder)
        for arguments in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "base"],
        ):
            subprocess.run([GIT, "-C", str(folder), *arguments], check=True)
    for name in case.get("removed", ()):
        (folder / name).unlink()
    _write(case.get("files") or {ALONE: case["text"]}, folder)
    today = date.fromisoformat(case.get("today", "2099-01-01"))
    return Options(strict_test_binding=case.get("strict_test_binding", False), today=today)


def _write(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run_case(rule: Rule, case: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the findings of one rule on one case, as a case file writes them."""
    options = build_registry(case, folder)
    intake = take([], folder)
    faults = [p for one in intake.judged for p in one.document.problems]
    assert not faults, f"the case is no YAML: {faults}"
    rules = RULES if case.get("all_rules") else [rule]
    report = lint(folder.resolve(), intake.judged, options, rules=rules)
    assert not report.crashes, report.crashes
    found = []
    for finding in report.findings:
        if finding.rule != rule.id:
            continue
        row: dict[str, Any] = {
            "file": finding.span.file,
            "line": finding.span.start.line,
            "column": finding.span.start.column,
            "message": finding.message,
            "advice": finding.advice,
        }
        if finding.span.file == ALONE:
            del row["file"]
        if finding.severity is not rule.severity:
            row["severity"] = finding.severity.value
        found.append(row)
    return found


def fix_case(rule: Rule, case: Mapping[str, Any], folder: Path) -> tuple[dict[str, str], Mended]:
    """Apply every fix of one rule to one case; return the texts as a case file writes them."""
    options = build_registry(case, folder)
    judged = take([], folder).judged
    root = folder.resolve()
    mended = mend(judged, lambda them: lint(root, them, options, rules=[rule]), unsafe=True)
    texts = {change.file: change.after for change in mended.changes}
    return texts, mended
