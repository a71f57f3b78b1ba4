"""`pv explain`: one screen, whatever a falsifier holds."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError
from pv.registry.contracts import load_contracts
from tests.unit.falsifiers_live.contract_limits import ROOT

WIDE = """
  - id: FALSIFY-TOY-009
    rule: {long}
    prediction: {long}
    harness: falsifiers/toy.py::excess
    parameters: {{ {parameters} }}
    expect:
{expect}
    controls: [{controls}]
    if_fails: {long}
"""


@pytest.fixture
def pv(toy):
    def call(*arguments):
        return CliRunner().invoke(app, [*arguments, "--root", str(toy.root)])

    return call


def story(found):
    return re.sub(r"\d{4}-\d\d-\d\d|\b[0-9a-f]{8}\b|\d+\.\d s", "…", found.stdout).splitlines()


def test_the_story_of_a_falsifier_that_held(toy, pv):
    toy.contract(toy.entry())
    assert pv("discharge", "TOY-001").exit_code == 0
    found = pv("explain", "TOY-001")
    assert found.exit_code == 0
    lines = story(found)
    assert lines[0] == "TOY-001 of toy-v1 1.0.0"
    assert lines[1].startswith("state     PARTIAL_ALGORITHM_LEVEL (nothing claimed) — POST-HOC")
    rest = [line for line in lines[2:] if not line.startswith(("state", "guards", " "))]
    assert rest == [
        "question  excess is small; excess stays at or below 2",
        "inputs    step 1",
        "run by    harness falsifiers/toy.py::excess",
        "",
        "verdict   HELD POST-HOC on …, synthetic on cpu, …",
        "met       excess 1 <= 2 — by construction",
        "controls  red: tripled",
        "",
        "history   … HELD, … local, fresh",
        "if red    the construction is wrong",
        "again     pv discharge TOY-001",
    ]


def test_a_refuted_and_a_stale_one_say_so(toy, pv):
    toy.contract(toy.entry(step=5.0))
    assert pv("discharge", "TOY-001").exit_code == 1
    assert "NOT MET   excess 5 > 2 — by construction" in pv("explain", "TOY-001").stdout
    toy.harness.write_text(toy.harness.read_text() + "\n# moved\n")
    text = pv("explain", "TOY-001").stdout
    assert "verdict   REFUTED STALE" in text
    assert "stale: source:falsifiers/toy.py" in text


def test_what_never_ran_shows_its_limits(toy, pv):
    toy.contract(toy.entry())
    text = pv("explain", "TOY-001").stdout
    assert "verdict   none: no receipt" in text
    assert "limit     excess <= 2.0 — by construction" in text
    assert "history   no receipt" in text


def test_a_run_without_a_verdict_is_told_until_a_receipt_is_newer(toy, pv):
    toy.harness.write_text(
        toy.harness.read_text()
        + """

def lost(run: Run):
    if not os.path.exists("mended"):
        os.kill(os.getpid(), 11)
    return excess(run)
"""
    )
    toy.contract(toy.entry(function="lost"))
    assert pv("discharge", "TOY-001").exit_code == 3
    assert re.search(
        r"^last run  ERROR: ended by SIGSEGV \(\d{4}-\d\d-\d\d\)\n"
        r"log       \.pv/logs/FALSIFY-TOY-001\.txt\nverdict   none: no receipt\n",
        pv("explain", "TOY-001").stdout,
        re.MULTILINE,
    )
    (toy.root / "mended").touch()
    assert pv("discharge", "TOY-001").exit_code == 0
    text = pv("explain", "TOY-001").stdout
    assert "verdict   HELD" in text
    assert "last run" not in text


def test_a_claim_that_does_not_know_of_a_stale_run_is_said_in_words(toy, pv):
    toy.contract(toy.entry() + "    status: BOUND\n")
    assert pv("discharge", "TOY-001").exit_code == 0
    toy.harness.write_text(toy.harness.read_text() + "\n# moved\n")
    text = " ".join(pv("explain", "TOY-001").stdout.split())
    assert "STALE (claimed BOUND: something was run, and the claim does not say so)" in text


def test_status_and_why_say_that_a_local_receipt_exists(toy, pv):
    toy.contract(toy.entry("001"), toy.entry("002"))
    assert "--local" not in pv("status").stdout
    assert "--local" not in pv("why", "TOY-001").stdout
    assert pv("discharge", "TOY-001").exit_code == 0
    told = "  a local receipt exists, not counted without --local: TOY-001"
    assert told in pv("status").stdout.splitlines()
    assert "not counted" not in pv("status", "--local").stdout
    found = pv("why", "TOY-001")
    assert found.exit_code == 3
    assert "  a local receipt exists: pv why TOY-001 --local" in found.stdout.splitlines()
    assert pv("why", "TOY-001", "--local").exit_code == 0
    assert pv("discharge", "TOY-001", "--record").exit_code == 0
    assert "--local" not in pv("status").stdout + pv("why", "TOY-001").stdout


def test_one_screen_holds_the_longest_story_and_counts_what_it_leaves_out(toy, pv):
    long = "a very long sentence " * 40
    toy.contract(
        WIDE.format(
            long=long,
            parameters=", ".join(
                ["step: 1.0", *(f"parameter_{each}: {each}" for each in range(40))]
            ),
            expect="\n".join(
                f'      - {{ metric: excess, op: "<=", value: {each + 2}, reason: "{long}" }}'
                for each in range(30)
            ),
            controls="tripled",
        )
    )
    for step in range(8):
        toy.harness.write_text(toy.harness.read_text() + f"\n# {step}\n")
        pv("discharge", "TOY-009")
    log = toy.root / ".pv" / "logs" / "FALSIFY-TOY-009.txt"
    log.parent.mkdir()
    log.write_text(f"ERROR: {long}\n\nwhat was printed\n")
    found = pv("explain", "TOY-009").stdout
    lines = found.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "          and 23 more limits" in lines
    assert "          and 7 more receipts" in lines
    assert "log       .pv/logs/FALSIFY-TOY-009.txt" in lines


def test_every_falsifier_of_our_registry_fits_a_screen():
    ids = [
        falsifier.id
        for each in load_contracts(ROOT)
        if each.contract
        for falsifier in each.contract.falsifiers
    ]
    assert len(ids) > 40
    for name in ids[::12]:
        found = CliRunner().invoke(app, ["explain", name, "--root", str(ROOT)])
        lines = found.stdout.splitlines()
        assert found.exit_code == 0, found.exception
        assert len(lines) <= 40
        assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", ["TOY-404", "TOY-*"])
def test_one_known_falsifier_is_asked_for(toy, pv, name):
    toy.contract(toy.entry())
    assert isinstance(pv("explain", name).exception, UsageError)
