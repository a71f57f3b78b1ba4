"""`pv init`: the registry it writes validates, and nothing is ever overwritten."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pv.errors import UsageError
from pv.registry.scaffold import write_registry
from pv.yamlfile.judge import judge_file
from tests.unit.cli.history_repository import commit, git

Pv = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_first_registry_validates_and_its_falsifier_holds(tmp_path: Path, pv: Pv) -> None:
    done = pv("init")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "wrote contracts/example-v1.yaml\n"
        "wrote falsifiers/example.py\n"
        "next:\n"
        "  pv validate contracts\n"
        "  pv lint\n"
        "  pv discharge EXAMPLE-001\n"
    )
    checked = pv("validate", "contracts", "--strict")
    assert (checked.returncode, checked.stdout) == (0, "1 file · 0 errors · 0 warnings · PASS\n")
    ran = pv("discharge", "EXAMPLE-001")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "HELD" in ran.stdout.splitlines()[0]


def test_using_it_leaves_nothing_for_git_but_what_init_wrote(tmp_path: Path, pv: Pv) -> None:
    assert pv("init").returncode == 0
    commit(tmp_path, "one")
    for command in (["discharge", "--all"], ["lint"], ["status"], ["report"], ["lint"]):
        pv(*command)
    assert (tmp_path / ".pv" / "receipts").is_dir()
    assert (tmp_path / ".pv" / "cache").is_dir()
    assert (tmp_path / ".pv" / ".gitignore").read_text() == "*\n"
    assert git(tmp_path, "status", "--porcelain", "-uall") == ""


def test_the_example_is_dated_and_uses_no_key_of_others(tmp_path: Path) -> None:
    write_registry(tmp_path, date(2026, 5, 6))
    judged = judge_file(tmp_path / "contracts/example-v1.yaml", "contracts/example-v1.yaml")
    assert judged.findings == ()
    assert judged.contract is not None
    assert judged.contract.created == "2026-05-06"
    assert [entry.date for entry in judged.contract.changelog] == ["2026-05-06"]
    (falsifier,) = judged.contract.falsifiers
    assert falsifier.extra == {}
    assert all(limit.reason for limit in falsifier.expect)
    assert falsifier.controls


@pytest.mark.parametrize("name", ["contracts/example-v1.yaml", "falsifiers/example.py"])
def test_what_exists_is_never_overwritten(tmp_path: Path, pv: Pv, name: str) -> None:
    file = tmp_path / "there" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine\n", encoding="utf-8")
    done = pv("init", "there")
    assert done.returncode == 2
    assert f"there/{name} exists" in done.stderr
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert [(one, one.read_text(encoding="utf-8")) for one in files] == [(file, "mine\n")]


def test_a_link_to_nowhere_is_in_the_way_too(tmp_path: Path) -> None:
    (tmp_path / "falsifiers").mkdir()
    (tmp_path / "falsifiers/example.py").symlink_to("elsewhere.py")
    with pytest.raises(UsageError, match="nothing was written"):
        write_registry(tmp_path)
    assert not (tmp_path / "contracts").exists()


def test_a_file_in_place_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "contracts").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write"):
        write_registry(tmp_path)
