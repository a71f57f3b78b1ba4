"""The CUDA products with faults planted in their text: which of them exact integers do not see.

NUMBA_ENABLE_CUDASIM=1 python -m tests.kernels.cuda_mutants
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import warnings
from pathlib import Path

from tests.kernels import cuda_sizes
from tests.kernels.patient_simulator import wait_patiently

SIZES = {"q8_0_q8_0_matvec": (3, 135), "q4_1_q8_1_matvec": (3, 39)}
"""Rows and blocks a row: rows shared by four warps, and more blocks than a warp takes at a time."""
PRODUCTS, INTRINSICS = "device.numba_products", "device.numba_intrinsics"
FAULTS = (
    # folder, module that holds the fault, what stands there, what stands there with the fault
    ("q4k_q8k_matvec", "", "low, high = load_again", "high, low = load_again"),
    ("q4k_q8k_matvec", "", "int32(place + 8)", "int32(place + 4)"),
    ("q4k_q8k_matvec", "", "int32(row + 1)", "int32(row)"),
    ("q4k_q8k_matvec", "", "other = cuda.fma(-(dmin * step), minima, other)", ""),
    ("q4k_q8k_matvec", "", "int32(scales >> uint32(8))", "int32(scales & uint32(63))"),
    ("q4k_q8k_matvec", "", "int32(row + 2 * cuda.gridDim.x)", "int32(row + 4 * cuda.gridDim.x)"),
    ("q4k_q8k_matvec", "", "while b < per_row:", "while b <= per_row:"),
    ("q4k_q8k_matvec", PRODUCTS, "uint32(0x3030)", "uint32(0x1030)"),
    ("q4k_q8k_matvec", PRODUCTS, "early = group < 2", "early = group < 3"),
    ("q8_0_q8_0_matvec", PRODUCTS, "partial[lane + 4] + partial[lane + 6]", "partial[lane + 4]"),
    ("q4k_q8k_matvec", INTRINSICS, "(16, 8, 4, 2, 1)", "(16, 8, 4, 2)"),
    ("q4k_f32_matvec", "", "c if far else a", "a if far else c"),
    ("q4k_f32_matvec", "", "int32(place ^ 8)", "int32(place ^ 4)"),
    ("q4k_f32_matvec", "", "2.0**-8", "2.0**-4"),
    ("q4k_f32_matvec", "", "row + (warp & 1)", "row + (warp & 2)"),
    ("q4k_f32_matvec", "", "word >> uint32(16)", "word >> uint32(8)"),
    ("q6k_q8k_matvec", "", "-32 * sum16(ys[0])", "-16 * sum16(ys[0])"),
    ("q6k_q8k_matvec", "", "8 * half + 4 * (quarter & 1)", "8 * half + 4 * (quarter >> 1)"),
    ("q6k_q8k_matvec", "", "uint32(0x03030303)", "uint32(0x01030303)"),
    ("q6k_q8k_matvec", "", "uint32(8 * quarter)", "uint32(8 * (quarter ^ 1))"),
    ("q6k_q8k_matvec", "", "int32(place + 16)", "int32(place + 8)"),
    ("q8_0_q8_0_matvec", "", "int32(4 * (lane & 1))", "int32(0)"),
    ("q8_0_q8_0_matvec", "", "int32(16 * cuda.blockDim.y)", "int32(32 * cuda.blockDim.y)"),
    ("q8_0_q8_0_matvec", "", "dot4(w[3], y[3], ", "dot4(w[3], y[2], "),
    ("q4_1_q8_1_matvec", "", "cuda.fma(minimum, fields[1], ", "cuda.fma(minimum, fields[0], "),
    ("q4_1_q8_1_matvec", "", "int32(8 * b + 4)", "int32(8 * b)"),
    ("q4_1_q8_1_matvec", "", "4 * at), ys, pair, other", "4 * at), ys, pair, total"),
)  # fmt: skip


def changed(name, old, new):
    """A module executed from its own text with one change, in the place of the sound one."""
    spec = importlib.util.find_spec(name)
    text = Path(spec.origin).read_text(encoding="utf-8")
    assert old in text, f"{name} holds no {old!r}"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(text.replace(old, new), spec.origin, "exec"), module.__dict__)  # noqa: S102 - ours


def caught(folder, where, old, new):
    """Whether the exact integers of the product differ, or it cannot even run, with the fault."""
    kernel = f"pv.kernels.{folder}.numba_cuda"
    names = [f"pv.kernels.{part}" for part in (INTRINSICS, PRODUCTS)] + [kernel]
    sound = {name: importlib.import_module(name) for name in names}
    place = f"pv.kernels.{where}" if where else kernel
    try:
        changed(place, old, new)
        for name in names[names.index(place) + 1 :]:
            changed(name, "", "")
        return differs(folder)
    except IndexError:
        return True  # a load beyond the end, which the simulator refuses
    finally:
        sys.modules.update(sound)


def differs(folder):
    """Whether the product, as it stands in the modules, misses an exact integer."""
    found = cuda_sizes.problems(folder, *SIZES.get(folder, (3, 5)), (1,))
    return any(text for _, text in found)


def main():
    warnings.simplefilter("ignore", RuntimeWarning)
    wait_patiently()
    faults = {f"{fault[0]}: {fault[2]} -> {fault[3]}": caught(*fault) for fault in FAULTS}
    sound = {folder: not differs(folder) for folder in cuda_sizes.PRODUCTS}
    json.dump({"faults": faults, "sound": sound}, sys.stdout)


if __name__ == "__main__":
    main()
