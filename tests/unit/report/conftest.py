"""A small registry with one receipt, made once for all tests of this folder."""

import shutil

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.registry.scaffold import write_registry

COMMAND = CliRunner()
HYPOTHESIS = "hypotheses: [ { id: H1, claim: it holds, verdict: UNTESTED } ]\n"
DECIDES = "    decides: { H1: { HELD: CONFIRMED, REFUTED: FALSIFIED } }\n"

SHIP = """\
metadata:
  id: C-SHIP
  version: 1.0.0
  kind: ship
  description: one model
  references: [ "a plan" ]
models:
  - id: MODEL-A
    name: a model
    base: 0
    criteria:
      - { id: AC-1, criterion: the sum is right, weight: 1, gates: [FALSIFY-EXAMPLE-001] }
      - { id: AC-2, criterion: it | loads, weight: 3, gates: [FALSIFY-NOWHERE-001] }
"""


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A registry whose one falsifier was run and recorded."""
    root = tmp_path_factory.mktemp("registry")
    write_registry(root)
    (root / "contracts" / "ship.yaml").write_text(SHIP)
    example = root / "contracts" / "example-v1.yaml"
    text = example.read_text().replace("falsification_tests:", f"{HYPOTHESIS}falsification_tests:")
    example.write_text(text.replace("    status: BOUND\n", f"{DECIDES}    status: BOUND\n"))
    done = COMMAND.invoke(app, ["discharge", "--all", "--record", "--root", str(root)])
    assert done.exit_code == 0, done.output
    return root


@pytest.fixture
def registry(recorded, tmp_path):
    shutil.copytree(recorded, tmp_path / "r")
    return tmp_path / "r"
