"""The kept report of a whole run: the same bytes, and never for a registry that is another now."""

import random
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from pv import stamps
from pv.lint.cache import Cache, KeptRun
from pv.output.names import Format
from tests.bench.contract_tree import contract_text, path_of
from tests.unit.lint.in_process import Done, pv

ROOT = Path(__file__).parents[3]
POSITIVE = ROOT / "tests/corpus/positive"


@pytest.fixture(autouse=True)
def _old_files(monkeypatch):
    """Let files count as old, so that their stamps tell every change."""
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**18))


@pytest.fixture
def registry(tmp_path):
    folder = tmp_path / "registry"
    shutil.copytree(POSITIVE, folder, ignore=shutil.ignore_patterns(".pv"))
    for number in (1, 5, 7, 97):
        path = path_of(folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contract_text(number))
    return folder


@pytest.fixture
def judged(monkeypatch):
    """The number of runs that were not taken from the memory."""
    from pv.lint import engine

    runs: list[int] = []
    real = engine.lint

    def counted(*given, **named):
        runs.append(1)
        return real(*given, **named)

    monkeypatch.setattr(engine, "lint", counted)
    return runs


def lint(root: Path, *more: str) -> Done:
    return pv("lint", *more, folder=root)


def database(root: Path) -> Path:
    return root / ".pv/cache/lint-3.sqlite"


@pytest.mark.parametrize("form", [each.value for each in Format])
def test_every_format_writes_the_same_bytes_from_memory(registry, form, judged):
    fresh = lint(registry, "--no-cache", "-f", form)
    first, second = lint(registry, "-f", form), lint(registry, "-f", form)
    assert first == second == fresh
    assert fresh.returncode == 1
    assert len(judged) == 2, "the last run was from memory"


def test_statistics_and_formats_share_one_report(registry, judged):
    lint(registry)
    assert lint(registry, "--statistics") == lint(registry, "--no-cache", "--statistics")
    assert len(judged) == 2


def _touch(root: Path) -> None:
    path_of(root, 5).touch()


CHANGES = {
    "content": lambda root: path_of(root, 1).write_text(contract_text(7)),
    "stamp": _touch,
    "contract gone": lambda root: path_of(root, 7).unlink(),
    "contract added": lambda root: path_of(root, 8).write_text(contract_text(8)),
    "contract renamed": lambda root: path_of(root, 5).rename(path_of(root, 6)),
    "harness gone": lambda root: (root / "falsifiers/mill/grain.py").unlink(),
    "folder of evidence": lambda root: (root / "contracts/evidence/FALSIFY-NO-1").mkdir(
        parents=True
    ),
    "configuration": lambda root: (root / "pv.toml").write_text(
        '[severity]\nPV-ARI-001 = "info"\n'
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_judged_again(registry, change, judged):
    lint(registry)
    change(registry)
    assert lint(registry) == lint(registry, "--no-cache")
    assert len(judged) == 3


@pytest.mark.parametrize(
    "more",
    [
        ("--strict",),
        ("--strict-test-binding",),
        ("--select", "PV-ARI"),
        ("contracts/ship-v1.yaml",),
    ],
    ids=["strict", "binding", "select", "path"],
)
def test_runs_of_other_options_are_apart(registry, more, judged):
    plain = lint(registry, "--no-cache"), lint(registry, "--no-cache", *more)
    for _ in range(2):
        assert (lint(registry), lint(registry, *more)) == plain
    assert len(judged) == 4


def test_a_baseline_is_part_of_what_a_run_saw(registry, judged):
    found = lint(registry)
    pv("baseline", "write", "--baseline", "known.json", folder=registry)
    known = lint(registry, "--baseline", "known.json")
    assert known.returncode < found.returncode
    assert lint(registry, "--baseline", "known.json") == known
    path_of(registry, 97).write_text(contract_text(98))
    stale = lint(registry, "--baseline", "known.json")
    assert "stale in the baseline" in stale.stderr
    assert lint(registry, "--baseline", "known.json") == stale


def test_a_file_that_was_just_written_leaves_no_report(registry, judged, monkeypatch):
    monkeypatch.setattr(stamps, "SETTLED_NS", 10**18)
    assert lint(registry) == lint(registry)
    assert len(judged) == 2


def test_a_contract_that_names_a_hidden_folder_leaves_no_report(registry, judged):
    path = path_of(registry, 1)
    path.write_text(path.read_text().replace('test: "proptest', 'test: "sh .ci/a.sh" # "', 1))
    lint(registry, "--strict-test-binding")
    (registry / ".ci").mkdir()
    (registry / ".ci/a.sh").write_text("exit 0\n")
    assert "shell 1" in lint(registry, "--strict-test-binding").stdout
    assert len(judged) == 2


def test_a_crash_leaves_no_report(registry, judged, monkeypatch):
    from pv.lint import incremental

    real = incremental.judge_registry

    def crashing(*given, **named):
        part = real(*given, **named)
        return type(part)(part.findings, {}, (RuntimeError("a rule that is broken"),))

    monkeypatch.setattr(incremental, "judge_registry", crashing)
    assert lint(registry).returncode == 4
    assert lint(registry).returncode == 4
    assert len(judged) == 2


def test_a_report_that_someone_else_wrote_is_not_believed(registry, judged):
    first = lint(registry)
    with sqlite3.connect(database(registry)) as connection:
        connection.execute("UPDATE runs SET report = replace(report, 'error', 'info')")
    connection.close()
    assert lint(registry) == first
    assert len(judged) == 2


def test_flipped_bytes_never_reach_an_answer(registry):
    first = lint(registry)
    content = database(registry).read_bytes()
    rng = random.Random(3)  # noqa: S311 - a test, not a secret
    for _ in range(12):
        damaged = bytearray(content)
        for _ in range(20):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        database(registry).write_bytes(damaged)
        assert lint(registry) == first


def test_only_the_latest_runs_are_kept(tmp_path):
    (tmp_path / "contracts").mkdir()
    cache = Cache(tmp_path)
    for number in range(80):
        cache.save_run(f"variant {number}", "key", KeptRun(str(number), ""))
    found = [number for number in range(80) if cache.run(f"variant {number}", "key")]
    assert found == list(range(16, 80))
    assert cache.run("variant 79", "another key") is None


def test_an_answer_from_memory_imports_no_rule(registry, tmp_path):
    import subprocess

    program = (
        "import sys; from pv import stamps; stamps.SETTLED_NS = -10**18\n"
        "from pv.cli.main import run\n"
        "try:\n    run()\nfinally:\n"
        "    sys.stderr.write(' '.join(sorted(sys.modules)))\n"
    )

    def modules() -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", program, "lint", "--root", str(registry)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        return set(done.stderr.split())

    assert "pv.lint.rules" in modules()
    kept = modules()
    assert not {name for name in kept if name.startswith("pv.lint.rules")}
    assert not kept & {"yaml", "pv.lint.engine", "pv.yamlfile.read", "tree_sitter"}


def test_stamps_tell_a_link_by_where_it_leads(tmp_path):
    (tmp_path / "one").write_text("1")
    (tmp_path / "link").symlink_to("one")
    before = list(stamps.stamps_below(str(tmp_path)))
    time.sleep(0.02)
    (tmp_path / "one").write_text("2")
    after = list(stamps.stamps_below(str(tmp_path)))
    assert [one.name for one in before] == ["link", "one"]
    assert all(one.stamp != other.stamp for one, other in zip(before, after, strict=True))


def test_a_cache_of_another_shape_is_no_defect(registry):
    first = lint(registry)
    with sqlite3.connect(database(registry)) as connection:
        connection.executescript(
            "ALTER TABLE runs DROP COLUMN files; ALTER TABLE kept ADD COLUMN more TEXT"
        )
    connection.close()
    assert lint(registry) == first
    assert lint(registry) == first
