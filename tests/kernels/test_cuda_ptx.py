"""The CUDA kernels compiled to PTX and assembled, without a device: no float64, no spills."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from pv.kernels.roofline import PRODUCTS, product_of

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent.name for path in (ROOT / "kernels").glob("*/numba_cuda.py"))
KERNELS = [name for name in FOLDERS if name != "device"]
ARCHITECTURES = ((8, 9), (9, 0), (10, 0))

MOST_REGISTERS = {
    "q4k_q8k_matvec": {(8, 9): 56, (9, 0): 52, (10, 0): 56},
    "q4k_f32_matvec": {(8, 9): 47, (9, 0): 47, (10, 0): 48},
    "q6k_q8k_matvec": dict.fromkeys(ARCHITECTURES, 48),
    "q8_0_q8_0_matvec": dict.fromkeys(ARCHITECTURES, 40),
    "q4_1_q8_1_matvec": dict.fromkeys(ARCHITECTURES, 40),
}
LOADS = {
    # Two rows: head and nibbles of either, two loads of quants for both, the scale of the block.
    "q4k_q8k_matvec": {"once.v4.u32": 4, "again.v4.u32": 2, "f32": 1},
    # One row: head, nibbles, and eight loads of the vector.
    "q4k_f32_matvec": {"once.v4.u32": 2, "again.v4.f32": 8},
    # Two rows: nibbles, bit pairs and scales, and d; two loads of quants, the scale of the block.
    "q6k_q8k_matvec": {"once.v4.u32": 6, "u16": 2, "again.v4.u32": 2, "f32": 1},
    # Two rows: quants and scale of half a block, and those of the vector.
    "q8_0_q8_0_matvec": {"once.v4.u32": 2, "again.v4.u32": 1, "u16": 3},
    # Two rows: nibbles and fields of a block; quants in two loads, and fields, of the vector.
    "q4_1_q8_1_matvec": {"once.v4.u32": 2, "again.v4.u32": 2, "u32": 3},
}
"""Loads from global memory that a lane issues for its part of a block, and there are no others."""
DOTS = {
    "q4k_q8k_matvec": 24, "q6k_q8k_matvec": 24, "q8_0_q8_0_matvec": 8, "q4_1_q8_1_matvec": 16,
}  # fmt: skip
"""Four products each: those of two rows, and for a K type two sums of 16 quants."""
UNFUSED = ("q4k_quantize", "q8k_quantize")

COMPILE = """
import importlib, json, sys
from numba import cuda
module = importlib.import_module(sys.argv[1])
version = (int(sys.argv[2]), int(sys.argv[3]))
made = [cuda.compile_ptx(k.py_func, tuple(s.args), cc=version)[0] for k, s in module.COMPILED]
limits = [k.targetoptions.get("max_registers") for k, _ in module.COMPILED]
print(json.dumps(list(zip(made, limits))))
"""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None,
    reason="PTX: package numba-cuda is not installed (pip install 'pv-contracts[cuda]')",
)


@cache
def compiled(module, architecture):
    """PTX and register limit of every kernel in a module, from a process without the simulator."""
    done = subprocess.run(
        [sys.executable, "-c", COMPILE, module, *map(str, architecture)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found
    return found


def kernels_in(folder, architecture):
    return compiled(f"pv.kernels.{folder}.numba_cuda", architecture)


@cache
def assembler():
    """A ptxas from the path or from the CUDA packages."""
    spec = importlib.util.find_spec("nvidia")
    folders = list(spec.submodule_search_locations) if spec else []
    packaged = [p for folder in folders for p in Path(folder).glob("*/bin/ptxas")]
    return shutil.which("ptxas") or next(map(str, packaged), None)


def assemble(ptx, limit, architecture, folder):
    """What ptxas says about the resources of a kernel."""
    if assembler() is None:
        pytest.skip("SASS: no ptxas on the path or in the CUDA packages")
    source = folder / "kernel.ptx"
    source.write_text(ptx)
    target = f"-arch=sm_{architecture[0]}{architecture[1]}"
    most = [f"-maxrregcount={limit}"] if limit else []  # as the launch asks for
    done = subprocess.run(
        [assembler(), "-v", target, *most, str(source), "-o", str(folder / "kernel.cubin")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    if "Unsupported .version" in said:
        pytest.skip(f"SASS: {assembler()} is older than the compiler: {said.strip()}")
    assert done.returncode == 0, said
    return said


NO_SPILL = "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"


@pytest.mark.parametrize("folder", KERNELS)
def test_ptx_is_free_of_float64_and_assembles_without_spills(folder, tmp_path):
    for ptx, limit in kernels_in(folder, (9, 0)):
        assert re.search(r"^\.version \d+\.\d+$", ptx, re.MULTILINE)
        assert ".f64" not in ptx
        assert ".local" not in ptx
        assert NO_SPILL in assemble(ptx, limit, (9, 0), tmp_path)


@pytest.mark.parametrize("folder", UNFUSED)
def test_kernels_that_owe_bits_hold_no_fused_multiply_add(folder):
    for ptx, _ in kernels_in(folder, (9, 0)):
        assert "mul.rn.f32" in ptx
        assert "fma." not in ptx


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: f"sm_{a[0]}{a[1]}")
@pytest.mark.parametrize("folder", MOST_REGISTERS)
def test_products_stay_within_their_registers(folder, architecture, tmp_path):
    ((ptx, limit),) = kernels_in(folder, architecture)
    said = assemble(ptx, limit, architecture, tmp_path)
    used = int(re.search(r"Used (\d+) registers", said)[1])
    assert used <= MOST_REGISTERS[folder][architecture]
    assert used <= product_of(folder).registers or architecture == (10, 0)
    assert "32 bytes smem" in said
    assert NO_SPILL in said


def loads(ptx):
    """How often each kind of load from global memory stands in a kernel."""
    kinds = Counter(re.findall(r"ld\.global((?:\.[\w:]+)+)", ptx))
    names = {".nc.L1::no_allocate": "once", ".nc": "again"}
    found = {}
    for kind, count in kinds.items():
        path, _, rest = kind.rpartition(".v4.")
        found[f"{names[path]}.v4.{rest}" if path else kind.removeprefix(".")] = count
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: f"sm_{a[0]}{a[1]}")
@pytest.mark.parametrize("folder", LOADS)
def test_products_load_sixteen_bytes_at_a_time_and_each_byte_once(folder, architecture):
    ((ptx, _),) = kernels_in(folder, architecture)
    assert loads(ptx) == LOADS[folder]
    assert ptx.count("dp4a.") == DOTS.get(folder, 0)
    assert ptx.count("shfl.sync.bfly") >= 5
    # Converting from 64 bits takes four times as long as from 32.
    assert not re.search(r"cvt\.rn\.f32\.[us]64", ptx)


def turn(ptx):
    """The instructions of the innermost loop that loads 16 bytes."""
    lines = re.sub(r"//.*", "", ptx).splitlines()
    places = {line.strip()[:-1]: i for i, line in enumerate(lines) if re.match(r"\s*\$L\w+:", line)}
    jumps = ((i, re.search(r"\bbra(?:\.uni)?\s+(\$L\w+);", line)) for i, line in enumerate(lines))
    loops = [(i - places[m[1]], places[m[1]], i) for i, m in jumps if m and places[m[1]] < i]
    bodies = ("\n".join(lines[start + 1 : end + 1]) for _, start, end in sorted(loops))
    body = next(text for text in bodies if ".v4." in text)
    parts = (re.sub(r"\$L\w+:", "", part).strip(" \t\n{}") for part in body.split(";"))
    return [part for part in parts if part and not part.startswith((".reg", "mov."))]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.operation)
def test_the_roofline_counts_the_instructions_that_the_compiler_makes(product):
    ((ptx, _),) = kernels_in(product.operation, (9, 0))
    assert len(turn(ptx)) == pytest.approx(product.instructions, rel=0.05)


def test_the_count_of_loads_sees_a_narrow_one():
    assert loads("ld.global.nc.v4.u32 {a}\nld.global.u8 %r1\nld.global.u8 %r2") == {
        "again.v4.u32": 1,
        "u8": 2,
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: f"sm_{a[0]}{a[1]}")
def test_primitives_are_single_instructions(architecture, tmp_path):
    made = compiled("tests.kernels.cuda_primitives", architecture)
    wanted = ("dp4a.s32.s32", "cvt.f32.f16", "lop3.b32", ".v4.u32", *["shfl.sync.bfly"] * 2)
    assert len(made) == len(wanted)
    for (ptx, limit), instruction in zip(made, wanted, strict=True):
        assert instruction in ptx
        assert NO_SPILL in assemble(ptx, limit, architecture, tmp_path)


def test_the_kernel_that_timings_wait_behind_sleeps(tmp_path):
    ((ptx, limit),) = compiled("pv.kernels.device.numba_timing", (9, 0))
    assert "nanosleep.u32" in ptx
    assert NO_SPILL in assemble(ptx, limit, (9, 0), tmp_path)
