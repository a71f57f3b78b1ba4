"""One warm process serves many jobs: none sees another, and nothing of any is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from pv.discharge.executors import process
from pv.discharge.executors.process import execute
from pv.discharge.executors.templates import LostError, Templates
from pv.discharge.job import GIB, SOUND, Ending, Limits
from pv.discharge.runners.choice import run_job
from pv.errors import UsageError
from pv.model.contract import Binding, BindingKind

LIMITS = Limits(seconds=30, memory=GIB)
HARNESS = '''
"""Harness that tries to leave something for the next one."""
import builtins, os, subprocess, sys, time
from pv.model.measurement import Measurements, Metric, Sample

SAMPLE = Sample("none", 1, (1,), "none", "float64", "synthetic")


def measured(**values):
    return Measurements(tuple(Metric(k, v, "1", SAMPLE) for k, v in values.items()))


def spoils(run):
    import numpy
    import pv.errors
    found = measured(
        left=int(hasattr(builtins, "spoilt")) + int(hasattr(numpy, "spoilt")),
        errors=int(hasattr(pv.errors, "spoilt")),
        variable=int("SPOILT" in os.environ),
        folder=len([each for each in sys.path if "spoilt" in each]),
    )
    builtins.spoilt = numpy.spoilt = pv.errors.spoilt = True
    os.environ["SPOILT"] = "1"
    sys.path.append("spoilt")
    return found


def libraries(run):
    return measured(seen=sum(name in sys.modules for name in ("numpy", "numba", "gguf")))


def draws(run):
    import numpy
    return measured(drawn=float(numpy.random.random()))


def daemon(run):
    """Leave a process in a session of its own whose parent is gone."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            with open("daemon", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(1000)
        os._exit(0)
    os.waitpid(child, 0)
    while not os.path.exists("daemon") or not open("daemon").read():
        time.sleep(0.01)
    if run.parameters.get("waits"):
        time.sleep(1000)
    return measured(growth=1.0)


def kills_its_guardian(run):
    os.kill(os.getppid(), 9)
    time.sleep(1000)


def floods_without_end(run):
    line = "x" * 65535
    while True:
        print(line)


def threads(run):
    import numba
    status = open("/proc/self/status").read()
    count = next(line for line in status.splitlines() if line.startswith("Threads"))
    return measured(threads=int(count.split()[1]))
'''
BROKEN = '''"""A harness with a fault in its third line."""
def fine(run):
    return (1 +
'''


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "falsifiers").mkdir()
    (tmp_path / "falsifiers" / "toy.py").write_text(HARNESS)
    (tmp_path / "falsifiers" / "broken.py").write_text(BROKEN)
    return tmp_path


@pytest.fixture
def templates(registry):
    with Templates(registry) as found:
        yield found


@pytest.fixture
def run(registry, make_job, templates):
    def go(function, *, limits=LIMITS, retries=0, file="toy", **changes):
        binding = Binding(BindingKind.HARNESS, f"falsifiers/{file}.py::{function}", ())
        changes.setdefault("controls", ())
        job = make_job(limits=limits, root=registry, binding=binding, **changes)
        return run_job(job, None, templates, retries)

    return go


def metrics(found, step=SOUND):
    return {each.name: each.value for each in found.step(step).measurements.metrics}


def lives(number):
    """Whether a process runs; one that was ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def gone(number, within=30.0):
    end = time.monotonic() + within
    while lives(number) and time.monotonic() < end:
        time.sleep(0.02)
    return not lives(number)


def test_no_harness_alters_what_the_next_one_sees(run):
    for _ in range(3):
        assert set(metrics(run("spoils")).values()) == {0}


def test_a_warm_library_is_seen_by_whoever_imports_it_and_by_nobody_else(run, templates):
    first = run("threads")
    assert set(first.environment["packages"]) == {"numpy", "numba", "llvmlite"}
    time.sleep(1.5)  # the warm process imports what was used while nobody waits for it
    found = run("libraries")
    assert metrics(found)["seen"] == 0
    assert found.environment["packages"] == {}
    again = run("threads")
    now, then = ({**each.environment, "surroundings": None} for each in (again, first))
    assert now == then
    assert again.sources == first.sources
    assert metrics(again)["threads"] == 1


def test_warm_processes_draw_different_unseeded_numbers(run):
    assert len({metrics(run("draws"))["drawn"] for _ in range(3)}) == 3


@pytest.mark.parametrize("waits", [False, True])
def test_a_process_that_left_session_and_parent_ends_with_its_job(run, registry, waits):
    limits = Limits(seconds=3, memory=GIB) if waits else LIMITS
    found = run("daemon", limits=limits, parameters={"waits": waits})
    expected = Ending.TIMED_OUT if waits else Ending.MEASURED
    assert found.step(SOUND).ending is expected
    assert gone((registry / "daemon").read_text())


def test_a_job_that_ends_its_guardian_ends_too_and_the_next_one_runs(run):
    found = run("kills_its_guardian")
    assert (found.step(SOUND).ending, found.lost) == (Ending.CRASHED, True)
    assert "watched over it was lost" in found.reason
    assert metrics(run("libraries"))["seen"] == 0


def test_what_is_stopped_before_it_began_ends_at_once(registry, make_job, templates):
    binding = Binding(BindingKind.HARNESS, "falsifiers/toy.py::floods_without_end", ())
    stop = Event()
    stop.set()
    for _ in range(3):
        started = time.monotonic()
        job = make_job(limits=LIMITS, root=registry, binding=binding, controls=())
        assert run_job(job, stop, templates).reason == "interrupted"
        assert time.monotonic() - started < 10


def test_a_flood_of_output_has_a_name(run):
    found = run("floods_without_end", limits=Limits(seconds=30, output=1000, flood=1 << 20))
    assert found.step(SOUND).ending is Ending.FLOODED
    assert found.step(SOUND).reason == "it printed more than 1048576 bytes"
    assert len(found.log) == 1000


def test_a_syntax_error_is_placed_in_the_harness(run):
    step = run("fine", file="broken").step(SOUND)
    assert step.ending is Ending.CRASHED
    assert step.reason == "SyntaxError: '(' was never closed at falsifiers/broken.py:3:12"


def test_a_lost_warm_process_is_replaced(run, templates):
    assert metrics(run("libraries"))
    (template,) = templates._running.values()
    os.kill(template._process.pid, signal.SIGKILL)
    template._process.wait()
    assert metrics(run("libraries"))["seen"] == 0
    assert templates.replaced == 1


def test_a_warm_process_that_does_not_answer_is_replaced(run, templates, monkeypatch):
    assert metrics(run("libraries"))
    (template,) = templates._running.values()
    os.kill(template._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(process, "_PATIENCE", 0.5)
    found = run("libraries")
    assert (found.ending, found.lost) == (Ending.CRASHED, True)
    assert "nothing began within 0.5 s" in found.reason
    monkeypatch.undo()
    assert metrics(run("libraries"))["seen"] == 0
    assert not lives(template._process.pid)


def test_where_no_process_can_be_started_the_reason_is_told(templates, tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module named pv >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    try:
        told = execute(templates, {"kind": "program"}, LIMITS, "cpu").reason
    except LostError as error:  # where it was gone before it was asked
        told = error.message
    assert "no module named pv" in told


def test_what_is_no_plain_data_is_refused(templates):
    with pytest.raises(UsageError, match="no plain data"):
        templates.spawn("cpu", {"x": float("nan")})


@pytest.mark.parametrize(
    ("argv", "ending", "words"),
    [
        (["true"], Ending.MEASURED, ""),
        (["false"], Ending.CRASHED, "ended with code 1"),
        (["no-such-program"], Ending.MEASURED, ""),
        (["sh", "-c", "kill -ABRT $$"], Ending.CRASHED, "ended by SIGABRT"),
    ],
)
def test_programs_end_by_name(templates, tmp_path, argv, ending, words):
    message = {"kind": "program", "argv": argv, "folder": str(tmp_path), "memory": 0}
    ran = execute(templates, message, LIMITS, "cpu")
    assert (ran.ending, ran.reason) == (ending, words)
    missing = [each["missing"] for each in ran.messages if "missing" in each]
    assert missing == (
        ["program 'no-such-program' is not installed"] if argv == ["no-such-program"] else []
    )


def test_programs_see_no_more_of_the_environment_than_harnesses(templates, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    message = {"kind": "program", "argv": ["env"], "folder": str(tmp_path), "memory": 0}
    ran = execute(templates, {**message, "environment": {"PV_FAULT": "x"}}, LIMITS, "cpu")
    names = {line.partition("=")[0] for line in ran.log.splitlines()}
    assert {"PATH", "TZ", "PV_FAULT", "PYTHONHASHSEED"} <= names
    assert not {"SECRET", "PYTHONPATH", "VIRTUAL_ENV"} & names


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pv.discharge.executors.templates import Templates
templates = Templates(Path(sys.argv[2]))
child = templates.spawn("cpu", {"kind": "program", "argv": ["sleep", "1000"], "memory": 0,
    "folder": sys.argv[2], "seconds": 60, "cpu_seconds": 60, "device": "cpu"})
while child.control.recv(100).count(b"\\n") < 1:
    pass
print(templates._running["cpu"]._process.pid, flush=True)
sys.stdin.read()
"""


def test_where_the_other_side_is_killed_nothing_is_left(tmp_path):
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(root), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    template = int(parent.stdout.readline())
    below = _below(template)
    assert len(below) == 2, "a guardian and its job"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    assert all(gone(each) for each in (template, *below))


def _below(number):
    found = []
    for child in Path(f"/proc/{number}/task/{number}/children").read_text().split():
        found += [int(child), *_below(int(child))]
    return found


def test_the_message_of_a_job_may_be_large(templates, tmp_path):
    message = {"kind": "program", "argv": ["true"], "folder": str(tmp_path), "memory": 0}
    ran = execute(templates, {**message, "filler": "x" * (4 << 20)}, LIMITS, "cpu")
    assert ran.ending is Ending.MEASURED
    assert json.dumps(ran.messages)
