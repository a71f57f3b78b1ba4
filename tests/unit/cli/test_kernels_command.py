"""`pv kernels`: what runs here, why the rest does not, and what no device has ever shown."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from pv.cli.main import app
from pv.kernels import KERNELS, Backend, describe


def run(*arguments):
    shown = CliRunner().invoke(app, ["kernels", *arguments])
    assert shown.exit_code == 0
    return shown.output


def test_the_text_says_what_never_ran_on_a_device():
    text = run()
    assert "no CUDA kernel here has ever run on a device" in text
    running = sum(row.available for row in describe())
    last = f"{len(KERNELS)} kernels, {running} run here, {len(KERNELS) - running} do not"
    assert text.splitlines()[-1] == last


def test_json_says_it_of_each_kernel():
    rows = json.loads(run("--format", "json"))["kernels"]
    unseen = {row["operation"] for row in rows if not row["ran_on_a_device"]}
    assert unseen == {kernel.operation for kernel in KERNELS if kernel.backend is Backend.CUDA}
