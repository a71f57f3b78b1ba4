"""The warm process begins before the command line is parsed, for commands that will run jobs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pv.cli import headstart
from pv.discharge.executors.templates import Templates

ROOT = Path(__file__).parents[3]


@pytest.fixture
def registry(tmp_path, monkeypatch):
    (tmp_path / "contracts").mkdir()
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


@pytest.fixture
def started(monkeypatch):
    """Which processes were started, by root and device; none is, really."""
    found: list[tuple[Path, str]] = []
    monkeypatch.setattr(Templates, "start", lambda self, device: found.append((self._root, device)))
    return found


WORDS = {
    "an id": (["discharge", "X"], True),
    "everything live": (["discharge", "--all", "--live"], True),
    "a root in a word": (["discharge", "X", "--root=."], True),
    "a root behind its option": (["discharge", "--root", ".", "X"], True),
    "no words": ([], False),
    "another command": (["lint", "discharge"], False),
    "help": (["discharge", "--help"], False),
    "a plan": (["discharge", "--all", "--dry-run"], False),
    "another device": (["discharge", "X", "--device=sim"], False),
    "a root that is not there": (["discharge", "--root", "gone", "X"], False),
    "a root left out at the end": (["discharge", "X", "--root"], True),
}


@pytest.mark.parametrize("case", WORDS)
def test_it_begins_where_jobs_will_run(case, registry, started):
    words, begins = WORDS[case]
    with headstart.begun(words):
        pass
    assert started == ([(registry, "cpu")] if begins else [])


def test_nothing_begins_outside_a_registry(tmp_path, monkeypatch, started):
    monkeypatch.chdir(tmp_path)
    with headstart.begun(["discharge", "X"]):
        assert started == []


def test_a_command_takes_what_was_begun_once(registry):
    with headstart.begun(["discharge", "X"]), headstart.taken(registry, "cpu") as first:
        begun_already = first._running["cpu"]
        first.start("cpu")
        assert first._running["cpu"] is begun_already
        with headstart.taken(registry, "cpu") as second:
            assert second is not first


def test_what_nobody_takes_is_ended(registry):
    with headstart.begun(["discharge", "X"]):
        (left,) = headstart._begun.values()
        process = left._running["cpu"]._process
    assert process.returncode is not None
    assert headstart._begun == {}


def test_other_commands_start_without_what_runs_jobs():
    code = (
        "import sys; from pv.cli.headstart import begun\n"
        "with begun(['lint']): pass\n"
        "assert not any(each.startswith('pv.discharge') for each in sys.modules)\n"
        "assert 'subprocess' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_what_judges_is_not_imported_before_the_first_job_runs():
    code = (
        "import sys; import pv.discharge.dispatch\n"
        "assert not any(each.startswith('pv.evidence') for each in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
