"""The baseline: known findings do not count, new ones do, and it only ever shrinks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pv.errors import UsageError
from pv.lint.baseline import Entry, entries_of, load, save
from pv.yamlfile.judge import judge_text
from tests.unit.lint.in_process import pv

HEAD = "metadata: { version: 1.0.0, kind: pattern, description: one, references: [ two ]%s }\n"
DANGLING = ", depends_on: [ gone-v1 ]"


ROW = '{"fingerprint": "1", "rule": "r", "contract": "c"}'
TWICE = f'{{"schema_version": 1, "fingerprints": "v1", "findings": [{ROW}, {ROW}]}}'


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    contract(tmp_path, HEAD % DANGLING + "unkno: 1\n")
    return tmp_path


def contract(registry: Path, text: str) -> None:
    (registry / "contracts" / "a-v1.yaml").write_text(text, encoding="utf-8")


def rules(registry: Path) -> list[str]:
    rows = json.loads((registry / "pv-baseline.json").read_text())["findings"]
    return [row["rule"] for row in rows]


def test_known_findings_do_not_count_and_are_counted(registry: Path) -> None:
    assert pv("lint", folder=registry).returncode == 1
    written = pv("baseline", "write", folder=registry)
    assert written.stdout == f"{registry / 'pv-baseline.json'}: 2 known\n"
    assert rules(registry) == ["PV-DEP-001", "PV-SCH-003"]
    done = pv("lint", "--baseline", "pv-baseline.json", folder=registry)
    assert (done.returncode, done.stderr) == (0, "")
    assert " · 0 errors · 0 warnings · 2 in the baseline" in done.stdout.splitlines()[-1]
    assert pv("lint", folder=registry).returncode == 1  # only where it is asked for


def test_an_extra_copy_of_a_known_finding_is_new(registry: Path) -> None:
    pv("baseline", "write", folder=registry)
    contract(registry, HEAD % ", depends_on: [ gone-v1, gone-v1 ]" + "unkno: 1\n")
    done = pv("lint", "--baseline", "pv-baseline.json", folder=registry)
    assert done.returncode == 1
    assert " · 1 error · 0 warnings · 2 in the baseline" in done.stdout.splitlines()[-1]


def test_lines_that_move_leave_findings_known(registry: Path) -> None:
    pv("baseline", "write", folder=registry)
    contract(registry, "# a new line\n" + HEAD % DANGLING + "\nunkno: 1\n")
    assert pv("lint", "--baseline", "pv-baseline.json", folder=registry).returncode == 0


def test_it_does_not_grow_unless_forced(registry: Path) -> None:
    pv("baseline", "write", folder=registry)
    before = (registry / "pv-baseline.json").read_bytes()
    contract(registry, HEAD % DANGLING + "unkno: 1\nnobody: 2\n")
    refused = pv("baseline", "write", folder=registry)
    assert refused.returncode == 1
    assert "would grow by 1, so nothing was written" in refused.stderr
    assert refused.stdout.startswith("new PV-SCH-003 a-v1 ")
    assert (registry / "pv-baseline.json").read_bytes() == before
    assert pv("baseline", "write", "--force", folder=registry).returncode == 0
    assert len(rules(registry)) == 3


def test_it_may_not_be_larger_than_what_is_there(registry: Path) -> None:
    pv("baseline", "write", folder=registry)
    assert pv("baseline", "check", folder=registry).returncode == 0
    contract(registry, HEAD % DANGLING)
    checked = pv("baseline", "check", folder=registry)
    assert checked.returncode == 1
    assert checked.stdout.splitlines()[-1].endswith(": 2 known · 1 stale · 0 new")
    done = pv("lint", "--baseline", "pv-baseline.json", folder=registry)
    assert (done.returncode, done.stderr) == (0, "1 stale in the baseline: pv baseline check\n")
    alone = pv("lint", "--baseline", "pv-baseline.json", "contracts/a-v1.yaml", folder=registry)
    assert alone.returncode == 0
    assert pv("baseline", "write", folder=registry).stdout.endswith(": 1 known · 1 removed\n")
    assert pv("baseline", "check", folder=registry).returncode == 0


def test_entries_of_a_gate_that_is_not_asked_for_are_neither_stale_nor_lost(registry: Path) -> None:
    test = (
        "falsification_tests: [ { id: F-1, rule: r, prediction: p, if_fails: i, test: by hand } ]"
    )
    contract(registry, HEAD % "" + test + "\n")
    pv("baseline", "write", "--strict-test-binding", folder=registry)
    assert "PV-VER-002" in rules(registry)
    assert pv("baseline", "check", folder=registry).returncode == 0
    assert pv("lint", "--baseline", "pv-baseline.json", folder=registry).stderr == ""
    pv("baseline", "write", folder=registry)
    assert "PV-VER-002" in rules(registry)


def test_faults_of_yaml_are_never_known(registry: Path) -> None:
    contract(registry, HEAD % "" + "x-a: [\n")
    assert pv("baseline", "write", folder=registry).stdout.endswith(": 0 known\n")
    assert pv("lint", "--baseline", "pv-baseline.json", folder=registry).returncode == 1
    assert entries_of(judge_text("x: [\n", "a.yaml").findings) == ()


def test_the_file_reads_back_and_is_sorted(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    entries = [Entry("2", "PV-A", "b"), Entry("1", "PV-A", "a"), Entry("3", "PV-A", 'é"\n')]
    save(path, entries)
    assert load(path) == tuple(sorted(entries, key=lambda one: one.contract))
    assert path.read_text().isascii()
    save(path, [])
    assert load(path) == ()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no baseline"),
        ("{", "no JSON document"),
        ("[" * 100_000, "no JSON document"),
        ("[]", "expected a mapping"),
        ('{"schema_version": 2, "fingerprints": "v1", "findings": []}', "of another version"),
        ('{"schema_version": 1, "fingerprints": "v1"}', "expected findings"),
        ('{"schema_version": 1, "fingerprints": "v1", "findings": [{}]}', "expected findings"),
        (TWICE, "stands there twice"),
    ],
)
def test_a_file_that_cannot_be_relied_on_is_refused(
    tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "b.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load(path)


def test_a_missing_or_damaged_baseline_is_usage(registry: Path) -> None:
    for command in (("lint", "--baseline", "b.json"), ("baseline", "check")):
        assert pv(*command, folder=registry).returncode == 2
    (registry / "pv-baseline.json").write_text("{")
    assert pv("baseline", "write", folder=registry).returncode == 2
    assert pv("baseline", "write", "--force", folder=registry).returncode == 0
    (registry / "contracts" / "a-v1.yaml").unlink()
    assert pv("baseline", "check", folder=registry).returncode == 3
