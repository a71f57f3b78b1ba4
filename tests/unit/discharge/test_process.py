"""Every way in which a harness can end has its own name, in bounded time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.job import AGAIN, GIB, SOUND, Ending, Limits, control_step
from pv.discharge.runners.choice import run_job
from pv.errors import UsageError
from pv.model.contract import Binding, BindingKind, Companion, Expectation

SHORT = Limits(seconds=20, memory=GIB // 4)
CONTROL = control_step("tripled")


@pytest.fixture
def run(toy, make_job):
    def go(function, *, limits=SHORT, device="cpu", **changes):
        changes.setdefault(
            "binding", Binding(BindingKind.HARNESS, f"falsifiers/toy.py::{function}", ())
        )
        return run_job(make_job(limits=limits, device=device, root=toy.root, **changes))

    return go


def test_measurements_come_back_and_prints_do_not(run):
    found = run("excess", green_controls=("harmless",))
    assert found.ending is Ending.MEASURED
    names = [SOUND, AGAIN, CONTROL, control_step("harmless")]
    assert [step.name for step in found.steps] == names
    metrics = [step.measurements.metrics[0].value for step in found.steps]
    assert metrics == [1.0, 1.0, 3.0, 1.0]
    assert found.log.count("this is never a result") == 4
    assert found.log.count("computed once") == 2  # once more for the run from nothing


def test_numpy_numbers_arrive_as_plain_ones(run):
    metrics = run("numpy_values").step(SOUND).measurements.metrics
    assert [(type(each.value), each.value) for each in metrics] == [
        (float, 0.5),
        (tuple, (0, 1, 2)),
    ]


@pytest.mark.parametrize(
    ("function", "ending", "words"),
    [
        ("raises", Ending.CRASHED, "ZeroDivisionError: by the harness at falsifiers/toy.py:"),
        ("leaves", Ending.CRASHED, "SystemExit"),
        ("vanishes", Ending.CRASHED, "ended with code 0 before it had answered"),
        ("segfaults", Ending.CRASHED, "SIGSEGV"),
        ("killed", Ending.OUT_OF_MEMORY, "killed by the system"),
        ("hungry", Ending.OUT_OF_MEMORY, "memory limit"),
        ("bad_input", Ending.BAD_INPUT, "tensor blk.0 is Q6_K"),
        ("missing", Ending.MISSING, "no tokenizer here"),
        ("no_measurement", Ending.INVALID, "returned dict, expected Measurements"),
        ("no_number", Ending.INVALID, "measurements are no plain data: a object is no number"),
        ("absent", Ending.BAD_INPUT, "no function absent"),
    ],
)
def test_failures_have_names(run, function, ending, words):
    step = run(function).step(SOUND)
    assert step.ending is ending
    assert words in step.reason


def test_a_crash_leaves_what_was_printed_and_where_it_was(run, toy):
    toy.harness.write_text(
        toy.harness.read_text().replace(
            "def segfaults(run: Run):", "def segfaults(run: Run):\n    print('so far')"
        )
    )
    log = run("segfaults").log
    assert log.startswith("so far\nFatal Python error: Segmentation fault")
    assert "falsifiers/toy.py" in log


def test_a_crash_under_a_fault_names_the_control_and_keeps_the_sound_run(run):
    found = run("control_segfaults")
    assert found.step(SOUND).measurements is not None
    assert found.step(CONTROL).ending is Ending.CRASHED
    assert "SIGSEGV" in found.step(CONTROL).reason


@pytest.mark.parametrize("function", ["sleeps", "spawns"])
def test_a_timeout_ends_the_child_and_what_it_started(run, toy, function):
    started = time.monotonic()
    found = run(function, limits=Limits(seconds=1.5))
    assert time.monotonic() - started < 5
    assert found.step(SOUND).ending is Ending.TIMED_OUT
    assert found.step(SOUND).reason == "the limit of 1.5 s ended it"
    if function == "spawns":
        assert not _lives((toy.root / "child-was-here").read_text())


def _lives(process):
    """Whether a process runs; one that was ended and waits to be collected does not."""
    status = Path("/proc") / process / "stat"
    try:
        return status.read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_left_behind_does_not_hold_up_the_answer(run):
    started = time.monotonic()
    found = run("leaves_a_child", limits=Limits(seconds=60))
    assert time.monotonic() - started < 10
    assert found.ending is Ending.MEASURED


def test_floods_of_output_are_cut_and_do_no_harm(run):
    found = run("floods", limits=Limits(seconds=20, output=10_000))
    assert found.ending is Ending.MEASURED
    assert len(found.log) == 10_000


def test_results_beyond_their_limit_are_refused(run):
    found = run("excess", limits=Limits(seconds=8, result=200))
    assert found.step(SOUND).ending is Ending.INVALID


def test_the_environment_is_minimal_and_the_simulator_is_asked_for(run, monkeypatch):
    for name in ("PYTHONPATH", "LD_PRELOAD", "NUMBA_DISABLE_JIT", "SECRET"):
        monkeypatch.setenv(name, "" if name == "LD_PRELOAD" else "1")
    plain = run("environment").step(SOUND).measurements
    values = {each.name: each.value for each in plain.metrics}
    order = values.pop("order")
    assert values == {"excess": 0, "simulator": 0, "stdin": 0, "device": 3}
    found = run("environment", device="sim")
    assert found.step(SOUND).measurements.metrics[1].value == 1
    assert found.step(SOUND).measurements.metrics[4].value == order
    assert found.environment["device"] == "cuda-simulator"


def test_a_harness_that_never_asks_for_the_device_has_no_form_for_it(run):
    step = run("toothless", device="sim").step(SOUND)
    assert step.ending is Ending.MISSING
    assert "falsifiers/toy.py::toothless has no sim form" in step.reason


def test_sources_and_data_beside_the_harness_are_hashed(run, toy):
    found = run("reads_data")
    assert {"falsifiers/toy.py", "falsifiers/tokens.txt", "pv/discharge/worker.py"} <= set(
        found.sources
    )
    assert "falsifiers/interface.py" in found.sources
    assert "pv/__init__.py" not in found.sources  # a new version alone makes nothing stale
    assert not any(
        name.startswith(("/", "..")) or "site-packages" in name for name in found.sources
    )


def test_two_runs_rest_on_the_same_sources(run):
    one, other = run("excess"), run("excess")
    assert one.sources == other.sources
    for name in one.environment.keys() - {"surroundings"}:  # what else the machine does may change
        assert one.environment[name] == other.environment[name]
    assert one.environment.keys() == other.environment.keys()


def test_companions_run_in_the_same_child(run):
    beside = Companion(
        "as published",
        "falsifiers/toy.py::excess",
        {"step": 5.0},
        (Expectation("excess", "<=", 2.0, "because", ()),),
        (),
    )
    found = run("excess", beside=(beside,))
    assert found.step("beside:as published").measurements.metrics[0].value == 5.0
    assert found.log.count("computed once") == 2  # once more for the run from nothing


@pytest.mark.parametrize(
    "reference",
    ["../x.py::f", "/etc/x.py::f", "falsifiers/toy.txt::f", "falsifiers/toy.py", "x.py::f g"],
)
def test_references_that_lead_elsewhere_are_refused(run, reference):
    binding = Binding(BindingKind.HARNESS, reference, ())
    assert run("", binding=binding).step(SOUND).ending is Ending.BAD_INPUT


def test_a_link_out_of_the_registry_is_refused(run, toy, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "far.py"
    outside.write_text("def f(run): ...")
    (toy.root / "falsifiers" / "far.py").symlink_to(outside)
    step = run("", binding=Binding(BindingKind.HARNESS, "falsifiers/far.py::f", ())).step(SOUND)
    assert step.ending is Ending.BAD_INPUT
    assert "leads out of the registry" in step.reason


def test_without_a_device_cuda_is_missing_with_the_reason(run):
    step = run("excess", device="cuda").step(SOUND)
    if step.ending is Ending.MEASURED:
        pytest.skip("a cuda device is here")
    assert step.ending is Ending.MISSING
    assert "no cuda device" in step.reason


def test_parameters_that_are_no_data_are_a_usage_error(run):
    with pytest.raises(UsageError, match="no plain data"):
        run("excess", parameters={"step": float("nan")})


INJECTIONS = [
    "; touch canary",
    "`touch canary`",
    "$(touch canary)",
    "&& touch canary",
    "\ntouch canary\n",
    "%0atouch canary",
    "' ; touch canary ; '",
    '"; touch canary; "',
    "--output=canary",
    "@canary",
    "| touch canary",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_text_of_a_contract_is_ever_a_command(run, toy, text):
    beside = Companion(text, f"falsifiers/toy.py::excess{text}", {text: text}, (), ())
    found = run(
        "",
        binding=Binding(BindingKind.HARNESS, f"falsifiers/toy.py::excess{text}", ()),
        parameters={text: text},
        controls=(text,),
        beside=(beside,),
    )
    assert found.step(SOUND).ending is Ending.BAD_INPUT
    assert not list(toy.root.rglob("*canary*"))


def test_half_a_surrogate_pair_ends_its_own_falsifier_and_no_other(toy):
    more = 'def half(run: Run):\n    raise ValueError("\\ud800 of a pair")\n'
    toy.harness.write_text(f"{toy.harness.read_text()}\n\n{more}")
    toy.contract(toy.entry("001", "half"), toy.entry("002", "excess"))
    found = CliRunner().invoke(
        app, ["discharge", "--all", "--format", "json", "--root", str(toy.root)]
    )
    half, other = json.loads(found.stdout)["outcomes"]
    assert (found.exit_code, half["verdict"], other["verdict"]) == (3, "ERROR", "HELD")
    assert "\\ud800 of a pair" in half["headline"]
    assert "\\ud800 of a pair" in (toy.root / half["log"]).read_text(encoding="utf-8")
