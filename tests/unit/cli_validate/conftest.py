"""The command as a user runs it: in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]

Pv = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pv(tmp_path: Path) -> Pv:
    """Return a function that runs `pv` with arguments in the test's folder."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pv", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(_ROOT), "NO_COLOR": "1", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
