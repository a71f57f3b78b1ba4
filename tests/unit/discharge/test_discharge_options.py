"""`pv discharge` with its options: plans, parts of the whole, reuse, retries, interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.selection import Shard
from pv.errors import UsageError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def pv(toy):
    def call(*arguments):
        return CliRunner().invoke(app, ["discharge", *arguments, "--root", str(toy.root)])

    return call


def many(toy, count=7):
    toy.contract(*(toy.entry(f"{number:03d}") for number in range(1, count + 1)))


def names(found):
    return [each["falsifier"] for each in json.loads(found.stdout)["outcomes"]]


def planned(found):
    rows = json.loads(found.stdout)["plan"]
    return {each["falsifier"]: (each["action"], each["why"]) for each in rows}


def test_a_dry_run_tells_what_runs_where_and_why_and_runs_nothing(toy, pv):
    toy.contract(toy.entry("001"), toy.entry("002"))
    assert pv("TOY-001").exit_code == 0
    found = pv("--all", "--dry-run")
    assert found.exit_code == 0
    assert found.stdout.splitlines() == [
        "TOY-001              run       harness synthetic no model, cpu: asked for; its",
        f"{'':31}receipt is fresh (--changed would reuse it)",
        "TOY-002              run       harness synthetic no model, cpu: no receipt",
        "",
        "plan: 2 run; nothing was run (exit 0)",
    ]
    assert len([*toy.root.glob(".pv/receipts/*/*")]) == 1
    toy.harness.write_text(toy.harness.read_text() + "\n# moved\n")
    (row, _) = json.loads(pv("--all", "--dry-run", "--format", "json").stdout)["plan"]
    assert (row["action"], row["controls"], row["seconds"]) == ("run", ["tripled"], 120.0)
    assert row["why"] == "stale: source:falsifiers/toy.py changed"


def test_changed_runs_what_is_stale_or_has_no_receipt_and_reuses_the_rest(toy, pv):
    toy.contract(toy.entry("001"), toy.entry("002", step=5.0))
    assert pv("--all").exit_code == 1
    toy.contract(toy.entry("001"), toy.entry("002", step=5.0), toy.entry("003"))
    plan = planned(pv("--changed", "--dry-run", "--format", "json"))
    assert {name: action for name, (action, _) in plan.items()} == {
        "TOY-001": "reuse",
        "TOY-002": "reuse",
        "TOY-003": "run",
    }
    found = pv("--changed")
    assert found.exit_code == 1, "what a fresh receipt refutes stays refuted"
    assert "TOY-001              HELD          reused: excess 1 <= 2" in found.stdout
    assert found.stdout.endswith("2 HELD, 1 REFUTED (exit 1)\n")
    toy.harness.write_text(toy.harness.read_text() + "\n# moved\n")
    assert "reused" not in pv("--changed").stdout


def test_changed_with_record_counts_only_what_the_registry_holds(toy, pv):
    many(toy, 1)
    assert pv("--all").exit_code == 0
    assert planned(pv("--changed", "--dry-run", "-f", "json"))["TOY-001"][0] == "reuse"
    with_record = pv("--changed", "--dry-run", "--record", "-f", "json")
    assert planned(with_record)["TOY-001"] == ("run", "no receipt")


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shards_add_up_to_the_whole_and_never_overlap(toy, pv, parts):
    many(toy)
    seen = []
    for part in range(1, parts + 1):
        found = pv("--all", "--shard", f"{part}/{parts}", "--dry-run", "-f", "json")
        again = pv("--all", "--shard", f"{part}/{parts}", "--dry-run", "-f", "json")
        assert found.stdout == again.stdout
        seen += planned(found)
    assert sorted(seen) == [f"TOY-{number:03d}" for number in range(1, 8)]


def test_an_empty_shard_has_a_name_and_is_no_success(toy, pv):
    many(toy, 1)
    found = pv("--all", "--shard", "2/3")
    assert found.exit_code == 3
    assert "SKIPPED" in found.stdout
    assert "shard 2/3 is empty" in found.stdout


@pytest.mark.parametrize("text", ["0/2", "3/2", "1/0", "x", "1", "1/2/3", "-1/2"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="expected i/n"):
        Shard.parse(text)


def test_patterns_choose_by_short_and_by_full_names(toy, pv):
    many(toy, 12)
    plan = planned(pv("TOY-01*", "--dry-run", "-f", "json"))
    assert sorted(plan) == ["TOY-010", "TOY-011", "TOY-012"]
    plan = planned(pv("FALSIFY-TOY-00[1-3]", "TOY-003", "--dry-run", "-f", "json"))
    assert list(plan) == ["TOY-001", "TOY-002", "TOY-003"]
    found = pv("TOX-*", "--dry-run")
    assert isinstance(found.exception, UsageError)
    assert "no falsifier fits 'TOX-*'" in str(found.exception)


def test_a_level_that_nobody_has_is_a_named_absence(toy, pv):
    many(toy, 2)
    found = pv("--all", "--level", "live")
    assert found.exit_code == 3
    assert "2 falsifiers asked for, none live" in found.stdout
    assert pv("--all", "--level", "synthetic").exit_code == 0


def test_jobs_run_side_by_side_and_answer_in_order(toy, pv):
    toy.harness.write_text(
        toy.harness.read_text()
        + "\n\ndef slow(run: Run):\n    time.sleep(0.5)\n    return excess(run)\n"
    )
    toy.contract(toy.entry("001", "slow"), toy.entry("002"), toy.entry("003"))
    found = pv("--all", "--jobs", "3", "--format", "json")
    assert found.exit_code == 0
    assert names(found) == [f"FALSIFY-TOY-00{number}" for number in (1, 2, 3)]


CRASHES_ONCE = """

def crashes_once(run: Run):
    if not os.path.exists("was-here"):
        open("was-here", "w").close()
        os.kill(os.getpid(), 11)
    return excess(run)
"""


def test_a_crash_is_tried_again_where_asked_for_and_recorded(toy, pv):
    toy.harness.write_text(toy.harness.read_text() + CRASHES_ONCE)
    toy.contract(toy.entry(function="crashes_once"))
    assert pv("TOY-001").exit_code == 3
    (toy.root / "was-here").unlink()
    found = pv("TOY-001", "--retries", "1", "--format", "json")
    (outcome,) = json.loads(found.stdout)["outcomes"]
    assert (outcome["verdict"], outcome["retries"]) == ("HELD", 1)
    receipt = json.loads((toy.root / outcome["receipt"]).read_bytes())
    assert receipt["predicate"]["run"]["retries"] == 1


@pytest.mark.parametrize("function", ["raises", "bad_input", "toothless", "sleeps"])
def test_nothing_but_a_crash_is_tried_again(toy, pv, function):
    toy.contract(toy.entry(function=function))
    found = pv("TOY-001", "--retries", "3", "--timeout", "1", "--format", "json")
    (outcome,) = json.loads(found.stdout)["outcomes"]
    assert outcome["retries"] == 0


def test_junit_holds_every_verdict_by_its_name(toy, pv, tmp_path):
    toy.contract(
        toy.entry("001"), toy.entry("002", step=5.0), toy.entry("003", "raises"),
        toy.entry("004", "toothless"), toy.entry("005", "missing"),
    )  # fmt: skip
    file = tmp_path / "out.xml"
    found = pv("--all", "--format", "junit", "--output", str(file))
    assert found.exit_code == 1
    assert found.stdout.endswith("(exit 1)\n"), "the text stays where it was"
    document = ET.parse(file).getroot()
    counts = {name: document.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
    kinds = [next((one.tag for one in case if one.tag != "system-out"), "")
             for case in document.iter("testcase")]  # fmt: skip
    assert kinds == ["", "failure", "error", "error", "skipped"]
    (suite,) = document
    assert suite.get("name") == "toy-v1"
    assert "again: pv discharge TOY-001" in next(document.iter("system-out")).text


def test_an_output_needs_a_format_and_a_folder(pv, toy, tmp_path):
    many(toy, 1)
    assert "needs a format" in str(pv("--all", "-o", "x").exception)
    missing = str(tmp_path / "no" / "x.json")
    assert "no folder" in str(pv("--all", "-f", "json", "-o", missing).exception)


def test_an_interrupt_leaves_no_child_and_keeps_every_finished_verdict(toy):
    toy.contract(
        toy.entry("001"), toy.entry("002", "sleeps"), toy.entry("003"), toy.entry("004", "sleeps")
    )
    command = [sys.executable, "-m", "pv", "discharge", "--all", "--jobs", "2"]
    # A background job of a shell ignores interrupts, and so does what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*command, "--root", str(toy.root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    below: set[int] = set()
    end = time.monotonic() + 30
    while len([*toy.root.glob(".pv/receipts/*/*.json")]) < 2 and time.monotonic() < end:
        below |= set(descendants(process.pid))
        time.sleep(0.05)
    below |= set(descendants(process.pid))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert len(below) >= 3
    assert not [each for each in below if alive(each)]
    assert out.splitlines()[0].startswith("TOY-001              HELD")
    assert "TOY-002              NOT_RUN       interrupted" in out
    assert "TOY-003              HELD" in out
    assert out.endswith("2 HELD, 2 NOT_RUN (exit 130)\n")
    kept = {each.parent.name for each in toy.root.glob(".pv/receipts/*/*.json")}
    assert kept == {"FALSIFY-TOY-001", "FALSIFY-TOY-003"}
    assert not [*toy.root.rglob("*lock*"), *toy.root.rglob(".tmp-*")]


def descendants(process):
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except FileNotFoundError:
        return []
    return [each for child in map(int, text.split()) for each in (child, *descendants(child))]


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_progress_on_a_terminal_is_one_line_and_elsewhere_there_is_none(toy):
    import pty

    many(toy, 3)
    command = [sys.executable, "-m", "pv", "discharge", "--all", "--root", str(toy.root)]
    quiet = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=slave, env={**os.environ, "TERM": "xterm"}
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if not data:
            break
        shown += data
    os.close(master)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"of 3 done" in shown
    assert b"running: TOY-" in shown
    assert out.decode().splitlines()[-1] == "3 HELD (exit 0)"


BESIDE = """

def beside(run: Run):
    mark = f"mark-{os.getpid()}"
    open(mark, "w").close()
    time.sleep(0.3)
    seen = [each for each in os.listdir(".") if each.startswith("mark-") and each != mark]
    os.unlink(mark)
    with open("seen-" + os.path.basename(__file__), "a") as file:
        file.write(f"{len(seen)}\\n")
    return excess(run)
"""


@pytest.mark.parametrize("alone", [True, False])
def test_what_measures_time_runs_when_all_others_are_through(toy, pv, alone):
    text = toy.harness.read_text() + BESIDE
    toy.harness.write_text(text)
    other = toy.harness.with_name("clock.py")
    other.write_text(text + ("\n\nALONE = True\n" if alone else ""))
    timed = toy.entry("001", "beside").replace(toy.harness.name, other.name)
    toy.contract(timed, toy.entry("002", "beside"), toy.entry("003", "beside"))
    assert ("runs alone" in pv("--all", "--dry-run", "-f", "json").stdout) is alone
    found = pv("--all", "--jobs", "3", "--format", "json")
    assert names(found) == [f"FALSIFY-TOY-00{number}" for number in (1, 2, 3)]

    def most(module):
        return max(int(line) for line in (toy.root / f"seen-{module}").read_text().split())

    assert (most(other.name) == 0) is alone
    assert most(toy.harness.name) > 0


def test_a_module_that_says_alone_says_it_plainly(toy, pv):
    toy.harness.write_text(toy.harness.read_text() + "\n\nALONE = 'sometimes'\n")
    toy.contract(toy.entry())
    found = pv("TOY-001")
    assert isinstance(found.exception, UsageError)
    assert "ALONE cannot be read, expected True" in str(found.exception)
