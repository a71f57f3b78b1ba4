"""HumanEval's harness on tasks of our own: what solves one, what does not, and absent data."""

import json

import pytest

from pv.errors import BadInputError, MissingError
from pv.falsifiers.model_file import human_eval
from pv.falsifiers.model_file.human_eval import Task
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet

TASK = Task(
    "ours/0",
    'def add(a, b):\n    """Return the sum."""\n',
    "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(-1, 1) == 0\n",
    "add",
)
RIGHT = "    return a + b\n"


@pytest.mark.parametrize(
    ("text", "solved"),
    [
        (RIGHT, True),
        (f"{RIGHT}\nprint('and more'", True),
        ("    return a - b\n", False),
        ("", False),
        ("    return (a\n", False),
        ("    import os\n    os._exit(0)\n", False),
        ("    raise SystemExit(0)\n", False),
        ("    while True:\n        pass\n", False),
        ("    x = ' ' * (1 << 33)\n    return a + b\n", False),
    ],
)
def test_an_answer_solves_a_task_only_by_passing_its_tests_to_the_end(text, solved):
    assert human_eval.solves(TASK, text, seconds=2.0) is solved


def measured(fault=None, answers=(RIGHT,) * 164):
    tasks = [TASK] * len(answers)
    run = run_of("SHIP-005", fault=fault, seconds=5.0)
    return human_eval.of_answers(tasks, list(answers), run)


@pytest.fixture
def at_once(monkeypatch):
    """Answers judged by their text: the processes are tried above."""
    monkeypatch.setattr(human_eval, "solves", lambda _task, text, _seconds: text == RIGHT)


@pytest.mark.usefixtures("at_once")
def test_limits_and_controls():
    named = entry("SHIP-005")
    assert set(named.controls) == set(human_eval.CONTROLS)
    assert unmet(named, measured()) == set()
    assert unmet(named, measured("nothing_written")) == {"score"}
    assert "tasks" in unmet(named, measured("half_of_the_tasks"))
    enough, few = [RIGHT] * 142 + [""] * 22, [RIGHT] * 139 + [""] * 25
    assert unmet(named, measured(answers=enough)) == set()
    assert unmet(named, measured(answers=few)) == {"score"}


@pytest.mark.parametrize("named", [None, "/nowhere/HumanEval.jsonl"])
def test_without_the_data_set_the_reason_is_told(monkeypatch, named):
    monkeypatch.delenv(human_eval.VARIABLE, raising=False)
    if named:
        monkeypatch.setenv(human_eval.VARIABLE, named)
    with pytest.raises(MissingError, match="the data set of HumanEval is not here"):
        human_eval.read_tasks()


def test_tasks_are_read_line_by_line(monkeypatch, tmp_path):
    path = tmp_path / "tasks.jsonl"
    path.write_text(f"{json.dumps(TASK._asdict())}\n\n", encoding="utf-8")
    monkeypatch.setenv(human_eval.VARIABLE, str(path))
    assert human_eval.read_tasks() == [TASK]
    path.write_text('{"task_id": "x"}\n', encoding="utf-8")
    with pytest.raises(BadInputError, match="line 1 is no task"):
        human_eval.read_tasks()
