"""Which falsifier a text names, the same for every command."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError
from pv.registry.named import named, place_of

IDS = ("FALSIFY-TOY-001", "FALSIFY-TOY-002", "toy-002", "OTHER-TOY-001")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FALSIFY-TOY-001", {"FALSIFY-TOY-001"}),
        ("TOY-001", {"FALSIFY-TOY-001"}),
        ("falsify-toy-001", {"FALSIFY-TOY-001"}),
        ("toy-002", {"toy-002"}),
        ("TOY-002", {"FALSIFY-TOY-002"}),
        ("001", {"FALSIFY-TOY-001", "OTHER-TOY-001"}),
        ("other-toy-001", {"OTHER-TOY-001"}),
        ("TOY", set()),
        ("", set()),
    ],
)
def test_a_text_names_an_id_whole_short_by_its_end_and_in_any_case(text, expected):
    assert named(text, IDS) == expected


def test_none_and_several_are_told():
    known = [(each, f"contracts/{at}.yaml") for at, each in enumerate(IDS)]
    assert place_of("other-toy-001", known) == 3
    with pytest.raises(UsageError, match=r"fits 2 falsifiers: FALSIFY-TOY-001 \(contracts/0"):
        place_of("001", known)
    with pytest.raises(UsageError, match="no contract has a falsifier 'TOY-003'; a fault") as found:
        place_of("TOY-003", known, unread="; a fault")
    assert "toy-002" in (found.value.advice or "")
    twice = [("F-1", "a.yaml"), ("F-1", "b.yaml")]
    with pytest.raises(UsageError, match=r"fits 2 falsifiers: F-1 \(a.yaml\), F-1 \(b.yaml\)"):
        place_of("F-1", twice)


ENTRY = """\
metadata: {id: toy-v1, version: 1.0.0, created: 2026-05-06, updated: 2026-05-06, author: tests,
  kind: pattern, status: ACTIVE, description: a contract for tests}
falsification_tests:
  - {id: FALSIFY-TOY-001, rule: r, prediction: p, manual: {reason: none, by: me}, if_fails: f}
"""


@pytest.mark.parametrize("name", ["001", "toy-001", "FALSIFY-TOY-001", "TOY-009"])
def test_commands_agree_on_a_name(name, tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "toy-v1.yaml").write_text(ENTRY)
    known = name != "TOY-009"
    for words in (("why", name), ("what-if", name), ("discharge", name, "--dry-run")):
        done = CliRunner().invoke(app, [*words, "--root", str(tmp_path)])
        assert isinstance(done.exception, UsageError) != known, (words, done.output)
        if not known:
            assert "TOY-009" in str(done.exception)
