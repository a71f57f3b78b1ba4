"""What a child says of its machine, and what of earlier receipts a run is compared with."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from pv.discharge.dispatch import discharge
from pv.discharge.job import SOUND, Ending, Returned
from pv.discharge.known import earlier
from pv.discharge.machine import libraries, surroundings
from pv.discharge.plan import Request
from pv.evidence.receipt import write_receipt
from pv.model.verdict import Verdict

ROOT = Path(__file__).parents[3]


def test_oracle_libraries_are_named_by_their_bytes_and_others_are_not(tmp_path):
    oracle, other = tmp_path / "libggml-base.so.0", tmp_path / "libc.so.6"
    oracle.write_bytes(b"ggml")
    other.write_bytes(b"c")
    rows = [f"7f00-7f01 r-xp 00000000 08:01 11  {each}" for each in (oracle, other, oracle)]
    maps = tmp_path / "maps"
    maps.write_text("\n".join([*rows, "7f02-7f03 rw-p 00000000 00:00 0"]))
    assert libraries(maps) == {"libggml-base.so.0": hashlib.sha256(b"ggml").hexdigest()}
    oracle.unlink()
    assert libraries(maps) == {"libggml-base.so.0": "unreadable"}
    assert libraries(tmp_path / "none") == {}


def test_load_and_clock_are_numbers_or_unknown():
    found = surroundings()
    assert found["processors"] >= 1
    assert all(
        each is None or isinstance(each, int | float)
        for each in (found["load"], found["mhz"], found["highest_mhz"])
    )


def test_a_process_without_an_oracle_names_none():
    # In a process of its own: in this one an earlier test may have loaded the oracle.
    code = (
        "import json; from pv.discharge.footprint import environment;"
        " print(json.dumps(environment('cpu')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    found = json.loads(done.stdout)
    assert "libraries" not in found
    assert found["surroundings"].keys() == surroundings().keys()


def test_receipts_over_the_same_sources_are_compared_and_others_are_not(toy, make_job):
    toy.contract(toy.entry())
    (outcome,) = discharge(Request(toy.root, ("TOY-001",)))
    assert outcome.verdict is Verdict.HELD
    job = make_job(root=toy.root)
    returned = Returned((), Ending.MEASURED, "", SOUND, sources=dict(outcome.sources))
    write_receipt(toy.root, job.contract, job.falsifier, outcome, None, record=True)
    (found,) = earlier(job, returned)
    assert found.measurements == outcome.measurements
    assert "surroundings" not in found.environment
    moved = replace(returned, sources={**outcome.sources, "falsifiers/toy.py": "0" * 64})
    assert earlier(job, moved) == ()
