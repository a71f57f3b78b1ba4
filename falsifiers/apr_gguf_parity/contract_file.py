"""Whether a contract file is one, as `pv validate` says with its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pv
from pv.errors import MissingError
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    "unclosed_text": "a text at the end of the file has no closing quote",
    "unknown_operator": "the first limit has an operator that does not exist",
    "metadata_left_out": "the first section has another name",
}

_CHANGES: Mapping[str, Callable[[str], str]] = {
    "unclosed_text": lambda text: f'{text}\nx-more: "',
    "unknown_operator": lambda text: text.replace('op: "', 'op: "~', 1).replace(
        "op: within", "op: about", 1
    ),
    "metadata_left_out": lambda text: text.replace("metadata:", "metadatum:", 1),
}
_PACKAGES = Path(pv.__file__).resolve().parents[1]
"""Where the program that is being run stands; the child imports the same one."""
_SECONDS = 60


def validates(run: Run) -> Measurements:
    """Run `pv validate` on the file of the registry that the parameter `contract` names."""
    path = Path(str(run.parameter("contract")))
    fault = known_fault(run, CONTROLS)
    if not path.is_file():
        raise MissingError(f"{path}: no such file in this registry")
    text = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        judged = Path(folder) / path.name
        judged.write_text(_CHANGES[fault](text) if fault else text, encoding="utf-8")
        code, told = _validated(judged)
    over = sample("contract file", (len(text.encode()),), "none", dtype="int64")
    return Measurements(
        metrics=(metric("exit_code", code, COUNT, over),), notes=(f"it said: {told}",)
    )


def _validated(path: Path) -> tuple[int, str]:
    """Return the exit code and the last line of what was printed."""
    paths = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH", ""))))
    ran = subprocess.run(
        [sys.executable, "-m", "pv", "validate", "-f", "concise", path.name],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    lines = (ran.stdout or ran.stderr).strip().splitlines()
    return ran.returncode, lines[-1] if lines else "nothing"
