"""Replays an incident with the real commands, in child processes, on a copy of its registry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pv.errors import MissingError
from pv.story.incident import REGISTRIES, Commit, Incident, Pv

SECONDS: Final = 120
"""Longest time that one step may take."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a replay ended."""

    incident: Incident
    caught: bool
    message: str
    """What the catching guard or rule said; where it was not caught, what was seen instead."""
    untold: bool = False
    """Whether it could not be replayed at all: then it is neither caught nor missed."""


def replay(incident: Incident, folder: Path) -> Told:
    """Replay one incident in an empty folder.

    It is caught where the last step's exit code, the catcher's name and its words all agree.
    """
    try:
        environment = _offered(incident)
    except MissingError as fault:
        return Told(incident, False, fault.explain(), untold=True)
    root = folder / incident.name
    shutil.copytree(
        REGISTRIES / incident.name, root, ignore=shutil.ignore_patterns("__pycache__", ".pv")
    )
    done = [_step(step, root, environment) for step in incident.steps][-1]
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        seen = (done.stderr or done.stdout).strip().splitlines()
        return Told(incident, False, f"exit {done.returncode}: {seen[-1] if seen else 'no output'}")
    messages = list(FINDERS[incident.catch.kind](report, incident.catch.name))
    right = [each for each in messages if incident.catch.says in each]
    if right and done.returncode == incident.exit_code:
        return Told(incident, True, right[0])
    said = "; ".join(messages) or f"no {incident.catch.kind} {incident.catch.name}"
    return Told(incident, False, f"exit {done.returncode}, expected {incident.exit_code}: {said}")


def _offered(incident: Incident) -> dict[str, str]:
    """Return what lets the steps find the model; raises `MissingError` where it is not here."""
    if not incident.model:
        return {}
    from pv.tensors.model_registry import variable_of  # noqa: PLC0415 - NumPy, for one incident
    from pv.tensors.package_model import find_package_model  # noqa: PLC0415 - as above

    return {variable_of(incident.model): str(find_package_model())}


def _step(
    step: Pv | Commit, root: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    if isinstance(step, Pv):
        words = [sys.executable, "-m", "pv", *step.words, "--root", str(root)]
        return _run(words, root, environment)
    _run(["git", "init", "--quiet", "--initial-branch=main"], root)
    _run(["git", "add", "--all"], root)
    author = ["-c", "user.name=story", "-c", "user.email=story@localhost"]
    unsigned = ["-c", "commit.gpgsign=false"]
    return _run(["git", *author, *unsigned, "commit", "--quiet", "-m", step.message], root)


def _run(
    command: list[str], root: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command in the registry; only what `pv` itself reads reaches it."""
    return subprocess.run(
        command,
        cwd=root,
        env={
            **os.environ,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        check=False,
    )


def _guards(report: Mapping[str, Any], name: str) -> Iterator[str]:
    for outcome in report.get("outcomes", ()):
        for guard in outcome["guards"]:
            if guard["guard"] == name and guard["tripped"] and outcome["verdict"] == "INCONCLUSIVE":
                yield guard["reason"]


def _rules(report: Mapping[str, Any], name: str) -> Iterator[str]:
    for finding in report.get("findings", ()):
        if finding["rule"] == name:
            yield f"{finding['file']}:{finding['line']}: {finding['message']}"


def _verdicts(report: Mapping[str, Any], name: str) -> Iterator[str]:
    for outcome in report.get("outcomes", ()):
        if outcome["verdict"] == name:
            yield f"{outcome['falsifier']}: {outcome['headline']}"


FINDERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Iterator[str]]]] = {
    "guard": _guards,
    "rule": _rules,
    "verdict": _verdicts,
}
"""Kind of catcher to what it said in a report."""
