"""Fixing: exact outside the edit, nothing changed that was not meant, and an end to it."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.errors import UsageError
from pv.lint.catalogue import all_rules, find_rule
from pv.lint.engine import Report, lint
from pv.lint.fix import MAX_PASSES, Change, Mended, apply, mend, write
from pv.lint.rule import FixKind, GateName
from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.yamlfile.judge import Judged, judge_text
from pv.yamlfile.read import read_text
from tests.unit.lint.rule_cases import GIT

FILE = "contracts/a-v1.yaml"
HEAD = 'metadata: { version: 1.0.0, kind: pattern, description: one, references: [ "two" ] }\n'


def judge_all(judged: Sequence[Judged]) -> Report:
    return lint(Path("/nowhere"), judged, rules=())


def fixed(text: str, *, unsafe: bool = False) -> Mended:
    return mend([judge_text(text, FILE)], judge_all, unsafe=unsafe)


def text_of(mended: Mended) -> str:
    return mended.judged[0].document.text


TESTS = "falsification_tests:\n  - id: F-1\n"
MODEL = TESTS + "    models: { accept: [ { name: n, architecture: a, sha256: %s } ] }\n"
ENTRY = "changelog:\n  - version: 1.0.0\n    date: %s\n    changes: [ a ]\n"
LIMIT = "proof_obligations: [ { type: bound, property: p, tolerance: { value: %s, reason: r } } ]\n"
CHANGES = "changelog:\n  - version: 1.0.0\n    changes:\n      - %s\n      - b # c\n"
KIND = "proof_obligations: [ { type: %s, property: p } ]\n"

FORM = [
    ("misspelt-key", "falsification_test: []\n", "falsification_tests: []\n", True),
    ("misspelt-key", '"Falsification-Tests": []\n', '"falsification_tests": []\n', True),
    ("misspelt-key", "falsfication_tsests: []\n", "falsification_tests: []\n", False),
    ("misspelt-key", "falsfication_tsests: []\n", None, True),
    ("accidental-mapping", CHANGES % "it: isn't  so", CHANGES % "'it: isn''t so'", True),
    ("accidental-mapping", CHANGES % "it: so # c", CHANGES % "'it: so' # c", True),
    ("accidental-mapping", CHANGES % "it: *so", None, True),
    ("bad-date", ENTRY % "2026/5/7", ENTRY % "2026-05-07", True),
    ("bad-date", ENTRY % "7/5/2026", None, True),
    ("bad-date", ENTRY % "2026/13/7", None, True),
    ("number-as-text", LIMIT % "'1e-3'", LIMIT % "1e-3", True),
    ("unknown-word", KIND % "bounds", KIND % "bound", False),
    ("unknown-word", KIND % "bounds", None, True),
    ("bad-digest", MODEL % ("AB" * 32), MODEL % ("ab" * 32), True),
    ("bad-digest", MODEL % ("AB" * 31), None, True),
]


@pytest.mark.parametrize(("rule", "before", "after", "safe"), FORM)
def test_form_fixes(rule: str, before: str, after: str | None, safe: bool) -> None:
    found = fixed(HEAD + before, unsafe=not safe)
    assert text_of(found) == HEAD + (after or before)
    assert found.converged
    assert found.fixed == (after is not None)
    fired = {one.rule for one in judge_text(HEAD + before, FILE).findings}
    left = {one.rule for one in found.report.findings}
    if after is not None:
        assert find_rule(rule).id in fired - left


def test_every_rule_about_the_form_with_a_fix_is_shown_fixing() -> None:
    declared = {
        one.id
        for one in all_rules()
        if one.gate is GateName.VALIDATE and one.fix is not FixKind.NEVER
    }
    fired = {
        finding.rule
        for _, before, _, _ in FORM
        for finding in judge_text(HEAD + before, FILE).findings
        if finding.fix
    }
    assert fired == declared


def test_bytes_outside_the_edit_stay(tmp_path: Path) -> None:
    before = (
        "\ufeff# top\r\n"
        + HEAD.replace("\n", "\r\n")
        + "# kept  \r\n'falsification-tests' : []   # why\r\n\r\nx-a:  {b:   1}"
    )
    path = tmp_path / "a-v1.yaml"
    path.write_bytes(before.encode())
    path.chmod(0o640)
    mended = fixed(before)
    write(mended.changes, {FILE: path})
    assert (
        path.read_bytes() == before.replace("falsification-tests", "falsification_tests").encode()
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.yaml", tmp_path / "a-v1.yaml"
    target.write_text(HEAD + "falsification_test: []\n")
    link.symlink_to(target)
    write(fixed(target.read_text()).changes, {FILE: link})
    assert link.is_symlink()
    assert target.read_text() == HEAD + "falsification_tests: []\n"


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a-v1.yaml"
    path.write_text("somebody: else\n")
    with pytest.raises(UsageError, match="changed while it was being fixed"):
        write(fixed(HEAD + "falsification_test: []\n").changes, {FILE: path})
    assert path.read_text() == "somebody: else\n"


def test_a_file_that_is_refused_is_not_fixed() -> None:
    text = HEAD + "falsification_test: []\nx-a: 1\nx-a: 2\n"
    assert text_of(fixed(text, unsafe=True)) == text


def test_two_keys_that_would_become_one_are_not_renamed_both() -> None:
    found = fixed(HEAD + "falsification_test: []\nfalsification_testss: []\n")
    assert text_of(found) == HEAD + "falsification_tests: []\nfalsification_testss: []\n"
    assert found.fixed == 1


def finding(text: str, old: str, new: str, path: tuple[str | int, ...]) -> Finding:
    start = text.index(old)
    line = text.count("\n", 0, start)
    column = start - (text.rfind("\n", 0, start) + 1)
    span = Span(FILE, Mark(line + 1, column + 1), Mark(line + 1, column + 1 + len(old)))
    fix = Fix("t", span, new, safe=True)
    return Finding("PV-TST-001", Severity.ERROR, "m", span, path=path, fix=fix)


@pytest.mark.parametrize(
    ("text", "old", "new", "path"),
    [
        ("a: one\nb: two\n", "one", "[ open", ("a",)),
        ("a: one\nb: two\n", "one", "three: 3", ("a",)),
        ("a: one\nb: two\n", "one", "one\nc: 3", ("a",)),
        ("a: one\nb: two\n", "two", "three", ("a",)),
        ("a: &x one\nb: *x\n", "one", "three", ("a",)),
        ("a: one\nb: two\n", "a", "b", ("a",)),
        ("a: [ one, two ]\n", "one", "one, three", ("a", 0)),
        ("a: one\n", "one", "# one", ()),
    ],
    ids=["no YAML", "structure", "second key", "other place", "alias", "taken", "item", "root"],
)
def test_a_fix_that_would_do_more_is_refused(
    text: str, old: str, new: str, path: tuple[str | int, ...]
) -> None:
    assert apply(read_text(text, FILE), [finding(text, old, new, path)]) == (text, 0)


def test_a_bad_fix_does_not_keep_good_ones_away_and_overlaps_wait() -> None:
    text = "a: one\nb: two\nc: three\n"
    findings = [
        finding(text, "one", "[", ("a",)),
        finding(text, "two", "2", ("b",)),
        finding(text, "two", "22", ("b",)),
        finding(text, "three", "3", ("c",)),
    ]
    assert apply(read_text(text, FILE), findings) == ("a: one\nb: 2\nc: 3\n", 2)


def test_fixes_that_undo_each_other_end() -> None:
    passes = []

    def swing(judged: Sequence[Judged]) -> Report:
        text = judged[0].document.text
        passes.append(text)
        old, new = ("one", "two") if "one" in text else ("two", "one")
        return replace(judge_all(judged), findings=(finding(text, old, new, ("x-a",)),))

    found = mend([judge_text("x-a: one\n", FILE)], swing, unsafe=False)
    assert not found.converged
    assert len(passes) == MAX_PASSES + 1


def test_a_diff_is_one_that_patch_applies(tmp_path: Path) -> None:
    before, after = "a: one\r\nb: two\nc: 3", "a: 1\r\nb: two\nc: 4"
    change = Change("a-v1.yaml", read_text(before, "a-v1.yaml"), after)
    path = tmp_path / "a-v1.yaml"
    path.write_bytes(before.encode())
    assert change.diff.count("\\ No newline at end of file\n") == 2
    done = subprocess.run(
        [GIT, "apply", "-"],
        cwd=tmp_path,
        input=change.diff.encode(),
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert path.read_bytes() == after.encode()


@given(
    names=st.lists(
        st.sampled_from(["falsification_test", "equatons", "lesons", "x-a", "stage", "nonsense"]),
        unique=True,
    ),
    comment=st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
def test_fixing_converges_and_a_second_run_changes_nothing(names: list[str], comment: str) -> None:
    text = HEAD + "".join(f"{name}: [] # {comment}\n" for name in names)
    once = fixed(text, unsafe=True)
    assert once.converged
    assert not fixed(text_of(once), unsafe=True).changes
    assert text_of(once).count(f"# {comment}\n") == text.count(f"# {comment}\n")
