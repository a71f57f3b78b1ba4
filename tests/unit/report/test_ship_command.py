"""`pv ship`, `what-if`, `can-ship`: figures from receipts, forecasts named as such, and history."""

import json
import subprocess

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

PUBLISHED = [("v3.06", ["002"], 92), ("v3.09", ["006", "008"], 94), ("v3.17", ["005"], 95)]
PUBLISHED += [("v3.18", ["001", "003", "004", "009", "010"], 99), ("v3.21", ["007"], 100)]
LIGHT = ("001", "003", "004", "009", "010")
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"one_off": "one more"}


def zero(run):
    over = Sample("none", 1, (1,), "none", "int64", "nothing")
    return Measurements((Metric("left", 1 if run.fault else 0, "1", over),))
"""


def criterion(number):
    weight = "0.8" if number in LIGHT else "1"
    return (
        f"      - {{ id: AC-{number}, criterion: c, weight: {weight}, gates: [FALSIFY-S-{number}],"
        " status: PARTIAL_ALGORITHM_LEVEL }\n"
    )


def falsifier(number):
    return f"""\
  - id: FALSIFY-S-{number}
    rule: nothing is left
    prediction: nothing is left
    harness: falsifiers/zero.py::zero
    parameters: {{ number: "{number}" }}
    expect: [{{ metric: left, op: "==", value: 0, reason: "by construction" }}]
    controls: [one_off]
    if_fails: something is left
    status: BOUND
"""


NUMBERS = [f"{n:03}" for n in range(1, 11)]
CONTRACT = (
    """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: ship
  status: PROPOSED
  description: one model
  references: [ { section: "ledger" } ]
changelog:
  - { version: 1.0.0, date: 2026-05-01, changes: [ First version ] }
models:
  - id: MODEL-1
    name: the model
    base: 91
    reasons: { base: "the published ledger", weight: "the published steps" }
    asserted_percent: { value: 99, by: somebody, date: 2026-05-12, reason: "a header" }
    criteria:
"""
    + "".join(map(criterion, NUMBERS))
    + "falsification_tests:\n"
    + "".join(map(falsifier, NUMBERS))
)


class Registry:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        (root / "contracts" / "ship-v1.yaml").write_text(CONTRACT)
        (root / "falsifiers" / "zero.py").write_text(HARNESS)
        self.git("init", "-q")
        self.commit("the questions")

    def git(self, *words):
        who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
        command = ["git", *who, "-C", str(self.root), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def percent(self, *words):
        data = json.loads(self.pv("ship", *words, "--format", "json").output)
        return data["models"][0]["percent"]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """Return the published series, one commit a step: each credits what its version credited."""
    made = Registry(tmp_path_factory.mktemp("ship"))
    made.steps = [("start", made.git("rev-parse", "HEAD"), 91)]
    for version, numbers, percent in PUBLISHED:
        ids = [f"S-{number}" for number in numbers]
        done = made.pv("discharge", *ids, "--record")
        assert done.exit_code == 0, done.output
        made.commit(version)
        made.steps.append((version, made.git("rev-parse", "HEAD"), percent))
    return made


def test_the_published_series_is_computed_from_the_receipts_of_each_revision(registry):
    found = [(version, registry.percent("--at", commit)) for version, commit, _ in registry.steps]
    assert found == [(version, percent) for version, _, percent in registry.steps]


def test_the_history_names_each_commit_that_moved_the_figure(registry):
    shown = registry.pv("ship", "--history")
    assert shown.exit_code == 0, shown.output
    rows = [line.split() for line in shown.output.splitlines()]
    assert [row[1] for row in rows] == [commit[:10] for _, commit, _ in registry.steps]
    assert [row[3] for row in rows] == [str(percent) for *_, percent in registry.steps]
    assert registry.pv("ship", "--history", "--strict").exit_code != 0


def test_the_whole_figure_ships_and_a_gap_to_what_is_asserted_fails_strictly(registry):
    assert registry.pv("can-ship", "MODEL-1").exit_code == 0
    shown = registry.pv("ship")
    assert shown.exit_code == 0
    line = "MODEL-1 100 % (computed; 9.0 of 9.0 weighted, base 91; asserted 99 %) — 0 open"
    assert line in " ".join(shown.output.split())
    strict = registry.pv("ship", "--strict")
    assert strict.exit_code == 1
    assert "FAIL: an asserted figure" in strict.output


def test_a_forecast_is_named_as_one_and_changes_nothing(tmp_path):
    fresh = Registry(tmp_path)
    assert fresh.pv("what-if", "S-002", "ac-001").output == (
        "MODEL-1: 91 % → 92.8 % (+1.8 points), a forecast\n"
    )
    data = json.loads(fresh.pv("what-if", "AC-007", "--format", "json").output)
    assert data["if_discharged"] == ["FALSIFY-S-007"]
    assert [data["models"][0][key]["percent"] for key in ("now", "forecast")] == [91.0, 92.0]
    blocked = fresh.pv("can-ship", "MODEL-1")
    assert blocked.exit_code == 1
    assert "cannot ship: MODEL-1" in blocked.output
    assert "next  AC-002 adds 1 point" in fresh.pv("ship").output
    assert fresh.percent() == 91.0


REFUSED = [
    (("ship", "MODEL-9"), "no model 'MODEL-9' to ship, expected one of MODEL-1"),
    (("can-ship", "MODEL-9"), "no model 'MODEL-9' to ship"),
    (("what-if", "S-099"), "'S-099' is no falsifier and no criterion"),
    (("ship", "--at", "nowhere"), "no revision nowhere"),
    (("ship", "--at", "--help me"), "is no name of a revision"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_does_not_exist_is_named(words, said, tmp_path):
    done = Registry(tmp_path).pv(*words)
    assert done.exit_code not in (0, 1) or done.exception
    assert said in str(done.exception)


def test_nothing_to_ship_and_files_that_cannot_be_read_are_no_success(tmp_path):
    empty = Registry(tmp_path)
    (tmp_path / "contracts" / "broken.yaml").write_text("metadata: {")
    assert empty.pv("ship").exit_code == 3
    assert empty.pv("can-ship", "MODEL-1").exit_code == 3
    (tmp_path / "contracts" / "broken.yaml").unlink()
    (tmp_path / "contracts" / "ship-v1.yaml").unlink()
    shown = empty.pv("ship")
    assert shown.exit_code == 3
    assert "there is no percentage" in shown.output


def test_a_forecast_without_a_ship_contract_says_that_there_is_nothing_to_forecast(tmp_path):
    registry = str(tmp_path / "registry")
    assert CliRunner().invoke(app, ["init", registry]).exit_code == 0
    done = CliRunner().invoke(app, ["what-if", "EXAMPLE-001", "--root", registry])
    assert done.exit_code == 3
    assert "no contract of kind ship: there is no percentage" in done.output
