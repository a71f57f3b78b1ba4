"""Every CUDA kernel on its quick cases, twice: float results must not depend on the run.

python -m tests.kernels.cuda_again
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings

from tests.kernels.agreement import parts, same_bits
from tests.kernels.cuda_cases import selected


def problem(folder, function, case):
    """What differs between two calls with the same arguments."""
    kernel = getattr(importlib.import_module(f"pv.kernels.{folder}.numba_cuda"), function)
    first, second = (parts(kernel(*case.arguments)) for _ in range(2))
    differences = (same_bits(a, b) for a, b in zip(first, second, strict=True))
    return next((text for text in differences if text), "")


def main():
    warnings.simplefilter("ignore", RuntimeWarning)
    found = {f"{d}.{f}-{c.name}": problem(d, f, c) for d, f, c in selected("quick")}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
