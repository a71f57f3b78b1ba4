"""HumanEval: which share of its tasks a model solves, each with its first greedy answer.

The data set is not part of this project: the environment variable `PV_HUMAN_EVAL` names the file
(JSON lines with task_id, prompt, test and entry_point). Giving it means that what the model writes
is executed: in a child process of its own, isolated from the user's packages and environment, with
limits of time, memory and files, in a folder that goes with it. That keeps accidents in, and no
attack: run it where nothing else is at stake.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from pv.errors import BadInputError, MissingError
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, PERCENT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.model_file.written_function import body_of, continued
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements
from pv.tokens import tokenizer_of

CONTROLS: dict[str, str] = {
    "nothing_written": "every completion is empty",
    "half_of_the_tasks": "every second task is left out",
}

OUTSIDE = {"PV_HUMAN_EVAL": "the data set of HumanEval"}
(VARIABLE,) = OUTSIDE
_FIELDS = ("task_id", "prompt", "test", "entry_point")
_MEMORY = 1 << 30
_FILE = 1 << 20


class Task(NamedTuple):
    """One task of the data set."""

    task_id: str
    prompt: str
    test: str
    entry_point: str

    def program(self, completion: str, word: str) -> str:
        """Return what is run: prompt, completion, tests, and a word that only their end prints."""
        run = f"check({self.entry_point})\nprint({word!r})\n"
        return f"{self.prompt}{completion}\n\n{self.test}\n\n{run}"


def score(run: Run) -> Measurements:
    """Let the run's model answer every task, and run the task's own tests on the answer."""
    model, tasks = opened(run), read_tasks()

    def answers() -> list[str]:
        trunk, tokenizer = Trunk(model), tokenizer_of(model)
        count = int(run.parameter("tokens"))
        return [continued(trunk, tokenizer, each.prompt, count, None) for each in tasks]

    return of_answers(tasks, run.once("answers", answers), run)


def of_answers(tasks: list[Task], answers: list[str], run: Run) -> Measurements:
    """Measure as `score` does, on answers that are there already."""
    fault, seconds = known_fault(run, CONTROLS), float(run.parameter("seconds"))
    pairs = list(zip(tasks, answers, strict=True))
    if fault == "half_of_the_tasks":
        pairs = pairs[::2]
    solved = [solves(task, "" if fault else text, seconds) for task, text in pairs]
    over = sample("tasks", (len(pairs),), "share", tokens="greedy", dtype="int64")
    return Measurements(
        metrics=(
            metric("tasks", len(pairs), COUNT, over),
            metric("score", 100.0 * sum(solved) / max(len(solved), 1), PERCENT, over),
        ),
        notes=(f"{sum(solved)} of {len(solved)} tasks solved",),
    )


def read_tasks() -> list[Task]:
    """Return the tasks of the user's file.

    Raises `MissingError` where none is named or it is not there, `BadInputError` for a line that is
    no task.
    """
    named = os.environ.get(VARIABLE)
    if not named or not Path(named).is_file():
        raise MissingError(
            f"the data set of HumanEval is not here: {VARIABLE} is {named or 'not set'}",
            advice=f"set {VARIABLE} to HumanEval.jsonl; what the model writes is then executed",
        )
    lines = Path(named).read_text(encoding="utf-8").splitlines()
    return [_task(line, at) for at, line in enumerate(lines, 1) if line.strip()]


def _task(line: str, at: int) -> Task:
    try:
        data = json.loads(line)
        return Task(*(str(data[field]) for field in _FIELDS))
    except (ValueError, KeyError, TypeError):
        raise BadInputError(
            f"{VARIABLE}: line {at} is no task, expected JSON with {', '.join(_FIELDS)}"
        ) from None


def solves(task: Task, text: str, seconds: float) -> bool:
    """Whether a completion passes the task's tests, run in a process of its own to their end."""
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.py"
        path.write_text(task.program(body_of(text), word), encoding="utf-8")
        try:
            ran = subprocess.run(
                [sys.executable, "-I", str(path)],
                cwd=folder,
                env={},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
                preexec_fn=lambda: _limit(seconds),
            )
        except subprocess.TimeoutExpired:
            return False
    return ran.returncode == 0 and ran.stdout.strip().endswith(word.encode())


def _limit(seconds: float) -> None:
    cpu = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE, _FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
