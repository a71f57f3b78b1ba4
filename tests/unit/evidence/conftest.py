"""A registry in a git repository, with one falsifier and outcomes to record."""

from __future__ import annotations

import subprocess

import pytest

from pv.model.receipt import Comparison, ControlResult, GuardResult, ModelIdentity, Outcome
from pv.model.verdict import Level, Verdict
from pv.registry.contracts import load_contracts

CONTRACT = """\
metadata:
  id: toy-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  status: ACTIVE
  description: a contract for tests
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
  - id: FALSIFY-TOY-001
    rule: growth is small
    prediction: growth stays at or below 2
    harness: falsifiers/toy.py::growth
    parameters: { step: 1.0 }
    models:
      quorum: all
      accept:
        - { name: small, architecture: llama, sha256: SHA }
    expect:
      - { metric: growth, op: "<=", value: 2.0, reason: "by construction" }
    controls: [tripled]
    if_fails: the construction is wrong
    status: BOUND
""".replace("SHA", "a" * 64)
HARNESS = "def growth(run):\n    return None\n"


class Home:
    """The registry: files, commits and records."""

    def __init__(self, root):
        self.root = root
        self.file = root / "contracts" / "toy-v1.yaml"
        self.file.parent.mkdir()
        self.file.write_text(CONTRACT)
        self.harness = root / "falsifiers" / "toy.py"
        self.harness.parent.mkdir()
        self.harness.write_text(HARNESS)

    def git(self, *arguments):
        return subprocess.run(
            ["git", "-C", str(self.root), *arguments],  # noqa: S607 - found on PATH
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def start(self):
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "tests")
        self.git("config", "user.email", "tests@example.invalid")
        (self.root / "README").write_text("toy")
        self.git("add", "README")
        self.git("commit", "-qm", "begin")

    def commit(self, message="change", *paths):
        self.git("add", *(paths or ("-A",)))
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def edit(self, before, after):
        text = self.file.read_text()
        assert before in text
        self.file.write_text(text.replace(before, after))

    @property
    def contract(self):
        (loaded,) = load_contracts(self.root)
        assert loaded.contract is not None, loaded.fault
        return loaded.contract

    @property
    def falsifier(self):
        return self.contract.falsifiers[0]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.fixture
def make_outcome():
    def make(verdict=Verdict.HELD, *, sources=None, seconds=1.0, model="small", **changes):
        comparison = Comparison("growth", "<=", 2.0, None, 1.0, True, 1.0, None, "by construction")
        plain = {
            "falsifier": "FALSIFY-TOY-001",
            "contract": "toy-v1",
            "verdict": verdict,
            "level": Level.LIVE if model else Level.SYNTHETIC,
            "headline": "growth 1 <= 2",
            "device": "cpu",
            "model": ModelIdentity(model, "a" * 64) if model else None,
            "comparisons": (comparison,),
            "guards": (GuardResult("teeth", True, False, "1 of 1", {"gone red": 1}),),
            "controls": (ControlResult("tripled", True, True, True, (comparison,)),),
            "parameters": {"step": 1.0},
            "sources": sources or {},
            "environment": {"python": "3.11"},
            "seconds": seconds,
            "command": ("pv", "discharge", "TOY-001"),
        }
        return Outcome(**{**plain, **changes})

    return make
