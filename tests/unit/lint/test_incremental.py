"""Lint with a cache says exactly what lint without one says, whatever happened in between."""

import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv import stamps
from pv.lint import kept as kept_module
from pv.lint.engine import Report, lint
from pv.lint.intake import take
from pv.lint.kept import facts_of
from pv.lint.options import Options
from pv.lint.rows import facts_text, form_text, part_text, read_facts, read_form, read_part
from pv.lint.rule import GateName
from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from tests.bench.contract_tree import contract_text, path_of, write_tree

ROOT = Path(__file__).parents[3]
POSITIVE = ROOT / "tests/corpus/positive"
STRICT = Options(strict_test_binding=True)


def kept(root: Path, options: Options = STRICT, paths: tuple[str, ...] = ()) -> Report:
    intake = take(paths, root, options)
    report = lint(intake.root, intake.judged, options, shown=intake.asked, keeper=intake.session)
    intake.save()
    return report


def plain(root: Path, options: Options = STRICT, paths: tuple[str, ...] = ()) -> Report:
    intake = take(paths, root)
    return lint(intake.root, intake.judged, options, shown=intake.asked)


def database(root: Path) -> Path:
    (found,) = (root / ".pv/cache").glob("*.sqlite")
    return found


@pytest.fixture(autouse=True)
def _old_files(monkeypatch):
    """Let the cache take files for old, so that their stamps count and content is not read."""
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**18))


@pytest.fixture
def registry(tmp_path):
    folder = tmp_path / "registry"
    shutil.copytree(POSITIVE, folder, ignore=shutil.ignore_patterns(".pv"))
    for number in (1, 2, 5, 7):
        path = path_of(folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contract_text(number))
    return folder


def edit(root: Path, rng: random.Random, step: int) -> None:
    """Do one thing that a person might do to a registry; the step makes every content new."""
    present = sorted((root / "contracts").rglob("generated-*.yaml"))
    number = rng.randrange(12)
    action = rng.choice(("write", "write", "comment", "rename id", "remove", "break", "harness"))
    if action == "write" or not present:
        path = path_of(root, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contract_text(number, step))
        return
    chosen = rng.choice(present)
    text = chosen.read_text()
    if action == "comment":
        chosen.write_text(text + f"# {'x' * step}\n")
    elif action == "rename id":
        chosen.write_text(text.replace("C-GEN-", f"C-GEN-{'0' * step}"))
    elif action == "remove":
        chosen.unlink()
    elif action == "break":
        chosen.write_text(text + f"{' ' * step}}}\n")
    else:
        path = root / "falsifiers/mill" / f"more_{number}.py"
        path.write_text(
            "from pv.falsifiers.interface import Measurements\n\n\n"
            f"def extra_{step}(run: object) -> Measurements:\n    raise NotImplementedError\n"
        )


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_any_history_gives_the_same_report(seed, tmp_path_factory):
    root = tmp_path_factory.mktemp("random") / "registry"
    shutil.copytree(POSITIVE, root, ignore=shutil.ignore_patterns(".pv"))
    rng = random.Random(seed)  # noqa: S311 - a test, not a secret
    for step in range(1, 7):
        edit(root, rng, step)
        expected = plain(root)
        assert kept(root) == expected
        assert kept(root) == expected, "a second run, all from the cache"


def test_an_unchanged_registry_is_not_read(registry, monkeypatch):
    before = kept(registry)

    def refuse(*_):
        raise AssertionError("read")

    for name in ("take_bytes", "judge", "judge_contract", "judge_registry"):
        monkeypatch.setattr(f"pv.lint.incremental.{name}", refuse)
    monkeypatch.setattr("pv.lint.kept.judge_file", refuse)
    assert kept(registry) == before


def test_one_edit_reads_one_file(registry, monkeypatch):
    kept(registry)
    path = path_of(registry, 2)
    path.write_text(contract_text(2, 9))
    judged: list[str] = []
    import pv.lint.incremental as module

    original = module.judge_contract
    monkeypatch.setattr(
        module,
        "judge_contract",
        lambda contract, *rest: judged.append(contract.file) or original(contract, *rest),
    )
    read: list[str] = []
    original_read = kept_module.judge_file
    monkeypatch.setattr(
        kept_module, "judge_file", lambda *file: read.append(file[1]) or original_read(*file)
    )
    report = kept(registry)
    assert not [name for name in read if "generated" in name]
    assert judged == [path.relative_to(registry).as_posix()]
    assert report == plain(registry)


def test_other_facts_are_told_to_the_rules_that_ask_for_them(registry, monkeypatch):
    """A file that has another id now: what does not ask for ids of others is not asked again."""
    before = kept(registry)
    path = path_of(registry, 1)
    path.write_text(path.read_text().replace("GEN-00001", "GEN-77777"))
    (registry / "contracts/part-000/generated-00007-v1.yaml").write_text(
        contract_text(7).replace("nowhere-v1", "C-GEN-77777")
    )
    judged: list[str] = []
    asked: list[str] = []
    import pv.lint.incremental as module

    originals = module.judge_contract, module.ask_rules

    def judge_contract(contract, *rest):
        judged.append(contract.file)
        return originals[0](contract, *rest)

    def ask_rules(contract, context, checks):
        asked.extend(rule.id for rule, _ in checks)
        return originals[1](contract, context, checks)

    monkeypatch.setattr(module, "judge_contract", judge_contract)
    monkeypatch.setattr(module, "ask_rules", ask_rules)
    report = kept(registry)
    assert report == plain(registry)
    assert report != before
    assert {name.rpartition("/")[2] for name in judged} == {
        "generated-00001-v1.yaml",
        "generated-00007-v1.yaml",
    }
    assert set(asked) <= {"PV-DEP-001", "PV-REF-003", "PV-REF-006", "PV-REF-007", "PV-SHP-001"}
    assert "PV-DEP-001" in asked
    assert kept(registry) == report, "what was found out is kept"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "falsifiers/mill/grain.py").unlink(),
        lambda root: (root / "contracts/evidence/FALSIFY-NOBODY-001").mkdir(parents=True),
        lambda root: (
            (root / "kernels/polish").mkdir(parents=True, exist_ok=True)
            or (root / "kernels/polish/reference.py").write_text("'''A kernel.'''\n")
        ),
        lambda root: (root / "contracts/mill-v1.yaml").unlink(),
    ],
    ids=["harness gone", "evidence of nothing", "kernel that nobody uses", "contract gone"],
)
def test_what_stands_beside_the_contracts_counts(registry, change):
    before = kept(registry)
    change(registry)
    after = plain(registry)
    assert after != before
    assert kept(registry) == after


def test_a_test_in_a_hidden_folder_is_never_taken_from_the_cache(registry):
    path = path_of(registry, 1)
    text = path.read_text().replace('test: "proptest', 'test: "sh .ci/check.sh" # "', 1)
    path.write_text(text)
    assert kept(registry) == plain(registry)
    (registry / ".ci").mkdir()
    (registry / ".ci/check.sh").write_text("exit 0\n")
    after = plain(registry)
    assert kept(registry) == after
    assert after.bindings["shell"] == 1


def test_options_and_paths_do_not_mix(registry):
    loose = Options()
    paths = (str(registry / "contracts/ship-v1.yaml"),)
    for _ in range(2):
        assert kept(registry) == plain(registry)
        assert kept(registry, loose) == plain(registry, loose)
        assert kept(registry, paths=paths) == plain(registry, paths=paths)
        tomorrow = Options(today=STRICT.day.replace(year=2020))
        assert kept(registry, tomorrow) == plain(registry, tomorrow)


@pytest.mark.parametrize("damage", ["truncated", "rubbish", "empty", "folder", "link"])
def test_a_damaged_cache_is_built_again(registry, damage, tmp_path):
    before = kept(registry)
    path = database(registry)
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    else:
        made = {"truncated": content[: len(content) // 2], "rubbish": b"x" * 5000, "empty": b""}
        path.write_bytes(made[damage])
    assert kept(registry) == before
    assert kept(registry) == before
    if damage == "link":
        assert (tmp_path / "elsewhere").read_bytes() == content


def test_flipped_bytes_of_the_cache_never_reach_a_report(registry):
    before = kept(registry)
    content = database(registry).read_bytes()
    rng = random.Random(7)  # noqa: S311 - as above
    for _ in range(40):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 20))):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        database(registry).write_bytes(damaged)
        assert kept(registry) == before


def test_a_row_that_someone_else_wrote_is_not_believed(registry):
    before = kept(registry)
    with sqlite3.connect(database(registry)) as connection:
        connection.execute("UPDATE kept SET part = replace(part, 'error', 'warning')")
    connection.close()
    assert kept(registry) == before


def test_a_cache_that_cannot_be_written_changes_nothing(registry):
    (registry / ".pv").write_text("no folder")
    before = plain(registry)
    assert kept(registry) == before
    assert kept(registry) == before


def test_runs_at_once_do_not_disturb_each_other(registry):
    expected = plain(registry)
    found: list[Report] = []
    threads = [threading.Thread(target=lambda: found.append(kept(registry))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
    assert kept(registry) == expected


def test_a_file_that_was_just_written_is_read(registry, monkeypatch):
    """Within one tick of the clock size and times can stay while the content changes."""
    monkeypatch.setattr(stamps, "SETTLED_NS", 10**18)
    kept(registry)
    with sqlite3.connect(database(registry)) as connection:
        rows = connection.execute("SELECT stamp FROM kept").fetchall()
    connection.close()
    assert rows
    assert all(stamp == "" for (stamp,) in rows)


def test_the_command_writes_the_same_bytes(registry):
    def run(*more):
        return subprocess.run(
            [sys.executable, "-m", "pv", "lint", "--root", str(registry), *more],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )

    without = run("--no-cache")
    assert not (registry / ".pv").exists()
    first, second = run(), run()
    assert database(registry).stat().st_size > 0
    assert first.stdout == second.stdout == without.stdout
    assert first.returncode == second.returncode == without.returncode == 1
    assert b"PV-" in first.stdout


def test_git_passes_the_cache_by_and_a_folder_that_is_no_registry_gets_none(registry, tmp_path):
    kept(registry)
    assert (registry / ".pv/.gitignore").read_text() == "*\n"
    alone = tmp_path / "alone-v1.yaml"
    alone.write_text(contract_text(3))
    assert kept(tmp_path, paths=(str(alone),)) == plain(tmp_path, paths=(str(alone),))
    assert not (tmp_path / ".pv").exists()


def test_rows_lose_nothing():
    span = Span("a.yaml", Mark(1, 2), Mark(3, 4))
    values = {
        "rule": "PV-X-001",
        "severity": Severity.WARNING,
        "message": "na\u00efve \u2028 \ud800",
        "span": span,
        "advice": "do",
        "contract": "C",
        "path": ("a", 0),
        "fix": Fix("title", span, "new", safe=True),
    }
    assert set(values) == {each.name for each in fields(Finding)}
    assert {each.name for each in fields(Fix)} == {"title", "span", "replacement", "safe"}
    finding = Finding(**values)
    assert read_form(form_text(None, (finding,))) == (None, (finding,))
    counts = {name: tuple(range(3)) for name in GateName}
    by_gate = {GateName.AUDIT: (finding,)}
    assert read_part(part_text(by_gate, counts)) == (by_gate, counts)


def test_facts_answer_as_the_contracts_do(tmp_path):
    root = write_tree(tmp_path / "tree", 9)
    shutil.copytree(POSITIVE / "contracts", root / "contracts/more")
    doubled = contract_text(4).replace("FALSIFY-GEN-00004-002", "FALSIFY-GEN-00004-000")
    for name in ("doubled-v1.yaml", "doubled-v2.yaml"):
        (root / "contracts/more" / name).write_text(doubled, "utf-8")
    kept(root)
    intake, again = take((), root), take((), root, STRICT)
    from pv.registry.index import Registry

    real = Registry(root, [one.contract for one in intake.judged if one.contract])
    known = again.session.registry(root, [one.contract for one in again.judged if one.contract])
    assert type(known) is not Registry
    for name in ("names", "families", "written_ids", "harnesses", "dependencies"):
        assert getattr(known, name) == getattr(real, name), name
    for name in ("by_id", "by_stem", "falsifiers"):
        ours, theirs = getattr(known, name), getattr(real, name)
        assert {key: len(each) for key, each in ours.items()} == {
            key: len(each) for key, each in theirs.items()
        }
    assert list(known.repeated) == list(real.repeated)
    assert len(known.falsifiers["FALSIFY-GEN-00004-000"]) == 5
    for name, several in known.repeated.items():
        places = [(one.contract.file, one.falsifier.path) for one in real.falsifiers[name]]
        assert [(one.contract.file, one.falsifier.path) for one in several] == places
    assert known.cycles() == real.cycles()
    for mine, other in zip(known.contracts, real.contracts, strict=True):
        facts = facts_of(other)
        assert read_facts(facts_text(facts)) == facts
        assert (mine.id, mine.version, mine.dialect) == (other.id, other.version, other.dialect)
        assert mine.falsifiers == other.falsifiers
        assert mine.text == other.text
        assert mine.span(("metadata",)) == other.span(("metadata",))
    owned, actual = known.falsifiers["FALSIFY-MILL-001"][0], real.falsifiers["FALSIFY-MILL-001"][0]
    assert owned.falsifier.path == actual.falsifier.path
    assert owned.falsifier.binding == actual.falsifier.binding
