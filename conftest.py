"""Put the checkout first on the path, so that tests judge this tree and not an installed copy."""

import os
import sys
from pathlib import Path

# Two BLAS threads on two busy cores wait for each other: ten times slower than one, and less even.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import settings

# A busy machine is no defect: how long an example takes is not judged by any test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
