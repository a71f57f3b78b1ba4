"""Put the checkout first on the path, so that tests judge this tree and not an installed copy."""

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Two BLAS threads on two busy cores wait for each other: ten times slower than one, and less even.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import settings

from pv.discharge.executors.kernel_cache import kernel_cache

# A busy machine is no defect: how long an example takes is not judged by any test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Thousands of tests and their modules live to the end: scans for garbage took a quarter of their
# time.
gc.set_threshold(100_000, 50, 100)


def pytest_configure(config: pytest.Config) -> None:
    """Give a run one cache, fresh and its own: models are derived and kernels compiled once in it.

    Workers, and what tests start, inherit it from the process that started them.
    """
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="pv-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ["PV_CACHE_DIR"] = folder
        # Where `pv` looks for compiled kernels in its children, Numba looks in the tests.
        os.environ["NUMBA_CACHE_DIR"] = str(kernel_cache(Path(__file__).parent).folder)
