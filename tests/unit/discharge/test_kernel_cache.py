"""Compiled kernels are kept where nobody else can write, or not at all."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.executors import kernel_cache as module
from pv.discharge.executors.kernel_cache import kernel_cache
from pv.discharge.executors.templates import Templates

COMPILES = '''
"""Harness with a compiled kernel, which tells whether it was compiled or taken from the cache."""
import os
from numba import njit
from pv.model.measurement import Measurements, Metric, Sample

SAMPLE = Sample("none", 1, (1,), "none", "float64", "synthetic")


@njit(cache=True)
def double(x):
    return x * 2.0


def compiled(run):
    value = double(run.parameter("step")) * (9 if run.fault else 1)
    kept = len(os.listdir(os.environ["NUMBA_CACHE_DIR"]))
    notes = (f"hits {sum(double.stats.cache_hits.values())}", f"kept {kept > 0}")
    return Measurements((Metric("excess", value, "1", SAMPLE),), notes=notes)
'''


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_folder_is_made_for_the_user_alone_and_named_by_what_it_holds(home, tmp_path):
    found = kernel_cache(tmp_path / "registry")
    assert found.refused == ""
    assert found.folder.parent == home / "kernels"
    for each in (found.folder, found.folder.parent):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700
    assert kernel_cache(tmp_path / "registry") == found


def test_another_processor_or_library_has_another_folder(home, tmp_path, monkeypatch):
    names = {kernel_cache(tmp_path / "registry").folder.name}
    monkeypatch.setattr(module, "_processor", lambda: "another")
    names.add(kernel_cache(tmp_path / "registry").folder.name)
    monkeypatch.setattr(module, "_version", lambda _: "9.9")
    names.add(kernel_cache(tmp_path / "registry").folder.name)
    assert len(names) == 3


def test_old_states_of_the_kernels_are_forgotten(home, tmp_path, monkeypatch):
    for state in range(12):
        monkeypatch.setattr(module, "_processor", lambda state=state: str(state))
        last = kernel_cache(tmp_path / "registry").folder
        os.utime(last, (state, state))
    left = {int(each.stat().st_mtime) for each in (home / "kernels").iterdir()}
    assert left == set(range(4, 12))


def open_to_a_group(home):
    (home / "kernels").chmod(0o770)


def open_to_all(home):
    home.chmod(0o777)


def a_link(home):
    (home / "kernels").rename(home / "elsewhere")
    (home / "kernels").symlink_to(home / "elsewhere")


def a_file(home):
    (home / "kernels").rename(home / "elsewhere")
    (home / "kernels").write_text("")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (open_to_a_group, "has mode 0770, expected 0700"),
        (open_to_all, "has mode 0777, expected 0700"),
        (a_link, "is a link or no folder"),
        (a_file, "cannot be made"),
    ],
)
def test_a_folder_that_others_may_have_written_is_refused(home, tmp_path, spoil, reason):
    assert kernel_cache(tmp_path / "registry").folder
    spoil(home)
    found = kernel_cache(tmp_path / "registry")
    assert found.folder is None
    assert reason in found.refused


def test_a_folder_of_another_user_is_refused(home, tmp_path, monkeypatch):
    assert kernel_cache(tmp_path / "registry").folder
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert "belongs to user" in kernel_cache(tmp_path / "registry").refused


def test_a_folder_inside_the_registry_is_refused(home, tmp_path):
    assert "lies in the registry" in kernel_cache(tmp_path).refused


def test_a_refused_folder_is_replaced_by_one_that_goes_with_the_run(home, tmp_path):
    kernel_cache(tmp_path / "registry")
    open_to_a_group(home)
    with Templates(tmp_path / "registry") as templates:
        used = Path(templates._kernel_folder()["NUMBA_CACHE_DIR"])
        assert not used.is_relative_to(home)
        assert used.is_dir()
        assert stat.S_IMODE(used.stat().st_mode) == 0o700
        assert templates._kernel_folder()["NUMBA_CACHE_DIR"] == str(used)
    assert not used.exists()


def test_a_second_run_takes_what_the_first_compiled(toy, home, tmp_path_factory, monkeypatch):
    # beside the registry, for a cache inside it would be refused
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(home))  # what the user has set is not looked at
    toy.harness.write_text(COMPILES)
    toy.contract(toy.entry(function="compiled"))
    notes = []
    for _ in range(2):
        found = CliRunner().invoke(app, ["discharge", "TOY-001", "--root", str(toy.root)])
        assert found.exit_code == 0, found.stdout
        notes.append([line for line in found.stdout.splitlines() if line.startswith("note")])
        time.sleep(0.01)
    assert notes[0] == ["note     hits 0", "note     kept True"]
    assert notes[1] == ["note     hits 1", "note     kept True"]
    assert not home.exists()


def test_a_refused_folder_is_told(toy, home):
    toy.contract(toy.entry())
    found = CliRunner().invoke(app, ["discharge", "TOY-001", "--root", str(toy.root)])
    assert found.exit_code == 0
    assert "warning: compiled kernels are not kept: " in found.stderr
    assert "lies in the registry" in found.stderr
