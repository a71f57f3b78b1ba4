"""The CUDA kernels compiled to PTX and assembled, without a device: no float64, no spills."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent.name for path in (ROOT / "kernels").glob("*/numba_cuda.py"))
KERNELS = [name for name in FOLDERS if name != "device"]
ARCHITECTURES = ((8, 9), (9, 0), (10, 0))

MOST_REGISTERS = {
    "q4k_q8k_matvec": {(8, 9): 56, (9, 0): 52, (10, 0): 56},
    "q4k_f32_matvec": {(8, 9): 47, (9, 0): 47, (10, 0): 48},
}
UNFUSED = ("q4k_quantize", "q8k_quantize")

COMPILE = """
import importlib, json, sys
from numba import cuda
module = importlib.import_module(f"pv.kernels.{sys.argv[1]}.numba_cuda")
version = (int(sys.argv[2]), int(sys.argv[3]))
made = [cuda.compile_ptx(k.py_func, tuple(s.args), cc=version) for k, s in module.COMPILED]
print(json.dumps([ptx for ptx, _ in made]))
"""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None,
    reason="PTX: package numba-cuda is not installed (pip install 'pv-contracts[cuda]')",
)


@cache
def compiled(folder, architecture):
    """PTX of every kernel in a folder, from a process that never saw the simulator."""
    done = subprocess.run(
        [sys.executable, "-c", COMPILE, folder, *map(str, architecture)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found
    return found


@cache
def assembler():
    """A ptxas from the path or from the CUDA packages."""
    spec = importlib.util.find_spec("nvidia")
    folders = list(spec.submodule_search_locations) if spec else []
    packaged = [p for folder in folders for p in Path(folder).glob("*/bin/ptxas")]
    return shutil.which("ptxas") or next(map(str, packaged), None)


def assemble(ptx, architecture, folder):
    """What ptxas says about the resources of a kernel."""
    if assembler() is None:
        pytest.skip("SASS: no ptxas on the path or in the CUDA packages")
    source = folder / "kernel.ptx"
    source.write_text(ptx)
    target = f"-arch=sm_{architecture[0]}{architecture[1]}"
    done = subprocess.run(
        [assembler(), "-v", target, str(source), "-o", str(folder / "kernel.cubin")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    if "Unsupported .version" in said:
        pytest.skip(f"SASS: {assembler()} is older than the compiler: {said.strip()}")
    assert done.returncode == 0, said
    return said


@pytest.mark.parametrize("folder", KERNELS)
def test_ptx_is_free_of_float64_and_assembles_without_spills(folder, tmp_path):
    for ptx in compiled(folder, (9, 0)):
        assert re.search(r"^\.version \d+\.\d+$", ptx, re.MULTILINE)
        assert ".f64" not in ptx
        said = assemble(ptx, (9, 0), tmp_path)
        assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in said


@pytest.mark.parametrize("folder", UNFUSED)
def test_kernels_that_owe_bits_hold_no_fused_multiply_add(folder):
    for ptx in compiled(folder, (9, 0)):
        assert "mul.rn.f32" in ptx
        assert "fma." not in ptx


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: f"sm_{a[0]}{a[1]}")
@pytest.mark.parametrize("folder", MOST_REGISTERS)
def test_products_stay_within_their_registers(folder, architecture, tmp_path):
    (ptx,) = compiled(folder, architecture)
    said = assemble(ptx, architecture, tmp_path)
    used = int(re.search(r"Used (\d+) registers", said)[1])
    assert used <= MOST_REGISTERS[folder][architecture]
    assert "128 bytes smem" in said
    assert "0 bytes spill stores" in said
