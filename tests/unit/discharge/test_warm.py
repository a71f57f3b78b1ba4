"""Warm libraries: out of sight until asked for, and the same objects then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PRELUDE = """
import sys
sys.path.insert(0, sys.argv[1])
from pv.discharge.warm import WarmLibraries
libraries = WarmLibraries()
for name in sys.argv[2].split(","):
    libraries.warm(name)
kept = sys.modules.get("numpy")
libraries.hide()
"""
LIBRARIES = "numpy,numpy.ma,numba"
CASES = {
    "nothing is seen before it is imported": "assert 'numpy' not in sys.modules",
    "what is imported is what was kept": "import numpy; assert numpy is kept",
    "a part brings the whole": "import numpy.linalg; assert sys.modules['numpy'] is kept",
    "a part by its name": "from numpy.random import default_rng; assert default_rng(1).random()",
    "one library brings what it needs": (
        "import numba; assert {'numpy', 'llvmlite'} <= set(sys.modules)"
    ),
    "what came later belongs to it": (
        "assert 'numpy.ma' not in sys.modules; import numpy; assert 'numpy.ma' in sys.modules"
    ),
    "a need alone brings nothing more": "import llvmlite; assert 'numba' not in sys.modules",
    "what is not there stays missing": """
try:
    import no_such_library
except ModuleNotFoundError:
    pass
else:
    raise AssertionError
""",
    "it computes": "import numpy; assert numpy.float32(1) + 1 == 2 and numpy.arange(3).sum() == 3",
    "it compiles": "import numba; assert numba.njit(lambda x: x + 1)(1) == 2",
    "no thread was started": (
        "assert 'Threads:\\t1\\n' in open('/proc/self/status').read().replace(' ', '')"
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_in_a_process_of_its_own(case):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + CASES[case], str(ROOT), LIBRARIES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_library_that_is_not_here_is_left_to_the_job():
    code = PRELUDE + "assert 'x' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(ROOT), "x"], check=True)
