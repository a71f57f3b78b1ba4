"""`pv bench kernels`: real times on the processor, and no time where there is no device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from pv.bench import device, processor
from pv.bench.record import Report, Timing, timing
from pv.bench.workloads import operations, workloads
from pv.cli import bench
from pv.cli.main import app
from pv.errors import MissingError, UsageError
from pv.kernels import Backend, find
from pv.kernels.layout import Order
from pv.kernels.roofline import Device, product_of, roof

SMALL = ["--rows", "8", "--columns", "512", "--rounds", "2", "--copies", "2"]


def run(*arguments):
    return CliRunner().invoke(app, ["bench", "kernels", *arguments])


def report(*names, **changes):
    asked = {"rounds": 2, "copies": 2, **changes}
    return processor.measure(workloads(8, 512, names), **asked)


def test_every_operation_is_timed_with_its_bytes_and_the_memory_beside_it():
    found = report()
    assert {each.operation for each in found.timings} == set(operations())
    assert all(find(name, Backend.NUMBA) for name in operations())
    sizes = {each.operation: each.size for each in found.timings}
    assert sizes["q4k_q8k_matvec"] == 8 * 2 * 144
    assert sizes["q6k_dequantize"] == 8 * 2 * 210
    assert all(0 < each.best <= each.median for each in found.timings)
    assert found.ceiling_rate > 0
    assert (found.rows, found.columns, found.device) == (8, 512, "cpu")


def test_ggml_is_set_against_the_order_that_is_its_own_and_no_other():
    pytest.importorskip("libggml", reason="ggml: package libggml-python is not installed")
    found = {each.variant: each for each in report("q4k_q8k_matvec").timings}
    assert found[Order.GGML_AVX2].over_peer > 0
    assert found[Order.GGML_GENERIC].over_peer is None
    assert "another float order" in found[Order.GGML_GENERIC].note


def test_without_ggml_the_ratio_is_absent_by_name(monkeypatch):
    def absent():
        raise MissingError("package libggml-python: is not installed")

    monkeypatch.setattr(processor.ggml_oracle, "version", absent)
    found = report("q4k_dequantize")
    assert [each.over_peer for each in found.timings] == [None]
    assert found.timings[0].note == found.machine["ggml"] != ""


def test_the_derived_figures():
    timings = (timing("a", "", [2.0, 1.0, 4.0], 100, peer=2.0), Timing("b", "", 0.5, 0.5, 100))
    data = Report("cpu", {}, "read", 400.0, 1, 256, 3, 1, timings).to_data()
    first, second = data["timings"]
    assert (first["best"], first["median"], first["bytes_per_second"]) == (1.0, 2.0, 100.0)
    assert (first["share_of_ceiling"], first["over_ggml"]) == (0.25, 2.0)
    assert (second["share_of_ceiling"], second["over_ggml"]) == (0.5, None)


def test_text_and_json_say_the_same():
    shown = run(*SMALL, "--operation", "q4k_q8k_matvec")
    assert shown.exit_code == 0, shown.output
    assert "matrix 8 x 512, best of 2, 2 copies in turn" in shown.output
    assert shown.output.count("q4k_q8k_matvec") == 3
    data = json.loads(run(*SMALL, "--operation", "q4k_q8k_matvec", "--format", "json").output)
    assert data["schema_version"] == 1
    assert [each["variant"] for each in data["timings"]] == [
        "ggml-avx2", "ggml-generic", "sequential",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--operation", "gemm"], "operation 'gemm' is unknown, expected one of q4k_q8k_matvec"),
        (["--columns", "300"], "expected at least one row and a multiple of 256 columns"),
    ],
)
def test_what_cannot_be_timed_is_a_usage_error(arguments, said):
    shown = run(*SMALL, *arguments)
    assert isinstance(shown.exception, UsageError)
    assert said in shown.exception.message


def test_without_a_device_nothing_is_timed(monkeypatch):
    reason = "no CUDA device: the driver sees none"
    monkeypatch.setattr(
        device, "availability", lambda _: SimpleNamespace(available=False, reason=reason)
    )
    shown = run("--device", "cuda")
    assert isinstance(shown.exception, MissingError)
    assert (shown.exception.exit_code, shown.exception.message) == (
        3, f"nothing was timed: {reason}",
    )  # fmt: skip
    assert shown.output == ""


def test_the_simulator_is_refused_by_name():
    done = subprocess.run(
        [sys.executable, "-m", "pv", "bench", "kernels", "--device", "cuda"],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")
    said = " ".join(done.stderr.split())  # long messages are broken into lines
    assert "the CUDA simulator is no device, nothing is timed in it" in said


def test_a_device_report_sets_times_against_its_own_copies_and_the_roofline(monkeypatch, capsys):
    """A stand-in for the device: arithmetic and bookkeeping, no time."""
    made = []

    def launch_of(*arguments):
        made.append(arguments)
        return len(made)

    clocks = SimpleNamespace(
        facts=lambda: {
            "name": "stand-in", "multiprocessors": 100, "clock_khz": 10**6, "l2_bytes": 9216,
        },
        seconds_of_copies=lambda size, rounds: [2 * size / 1e12] * rounds,
        seconds_of_launches=lambda launches, rounds: [2e-6 * len(launches), 1e-6],
    )  # fmt: skip
    modules = {"pv.kernels.device.numba_timing": clocks}
    stand_in = SimpleNamespace(launch_of=launch_of)
    monkeypatch.setattr(device, "import_module", lambda name: modules.get(name, stand_in))
    monkeypatch.setattr(device, "require_device", lambda: None)
    monkeypatch.setattr(device, "first_device", lambda: {"driver_cuda": "13.0"})
    chosen = workloads(8, 2048, ("q4k_q8k_matvec", "q4k_dequantize"))
    found = device.measure(chosen, 2)
    (only,) = found.timings  # dequantising has no launch to be timed
    assert (only.operation, only.best, only.size) == ("q4k_q8k_matvec", 1e-6, 9216)
    assert found.copies == len(made) == 6  # two, and four times the cache
    assert found.ceiling_rate == pytest.approx(1e12)
    assert found.machine["driver_cuda"] == "13.0"
    rated = Device("stand-in", "", 100, 1e9, found.ceiling_rate)
    assert only.expected == roof(product_of("q4k_q8k_matvec"), rated, 8 * 2048).share
    (row,) = found.to_data()["timings"]
    assert row["share_of_roofline"] == pytest.approx(9216 / 1e-6 / 1e12 / only.expected)
    bench._show(found)
    text = capsys.readouterr().out
    assert "of roofline" in text
    assert "driver cuda 13.0" in text
    with pytest.raises(MissingError, match="no CUDA product was asked for"):
        device.measure(chosen[1:], 2)
