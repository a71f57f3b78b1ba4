"""Shelf lives: what held counts for so long, by a day that is given, and no clock enters a page."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.model.receipt import ReceiptView
from pv.model.verdict import Level, Verdict
from pv.shelf import dated, why_stale
from pv.yamlfile.judge import judge_text
from pv.yamlfile.periods import days_of

TODAY = date(2026, 11, 22)


def view(verdict="HELD", started="2026-11-22T10:00:00Z", stale=()):
    run = {"started": started} if started else {}
    return ReceiptView(
        "0" * 16, "p", "F-1", Verdict(verdict), Level.SYNTHETIC, None, False, stale, False,
        {"predicate": {"run": run}},
    )  # fmt: skip


PERIODS = [("90d", 90), ("1d", 1), ("12w", 84), ("9999d", 9999)]
PERIODS += [(text, None) for text in ("0d", "90", "d", "90 d", "-1d", "1m", "10000d", "1.5d", "")]


@pytest.mark.parametrize(("text", "days"), PERIODS)
def test_a_period_is_days_or_weeks(text, days):
    assert days_of(text) == days


@pytest.mark.parametrize(
    ("days", "today", "until", "over"),
    [
        (90, TODAY, "2027-02-20", False),
        (90, date(2027, 2, 20), "2027-02-20", False),  # its last day
        (90, date(2027, 2, 21), "2027-02-20", True),
        (90, None, "2027-02-20", False),  # nobody says what day it is: it is told, not judged
        (None, date(2099, 1, 1), "", False),
    ],
)
def test_a_receipt_counts_up_to_its_last_day(days, today, until, over):
    found = dated(view(), days, today)
    assert found.until == until
    assert found.stale == (("shelf life ended on 2027-02-20",) if over else ())


@pytest.mark.parametrize("verdict", ["REFUTED", "INCONCLUSIVE"])
def test_what_says_no_does_not_run_out(verdict):
    no = view(verdict)
    assert dated(no, 1, date(2099, 1, 1)) == no


@pytest.mark.parametrize("started", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_run_without_a_date_is_of_unknown_age(started):
    assert dated(view(started=started), 90, TODAY).stale == ("shelf life of a run without a date",)


def test_reasons_keep_time_and_change_apart():
    assert why_stale(("source:a",)) == "changed since the run: source:a"
    assert why_stale(("shelf life ended on 2027-02-20",)) == "its shelf life ended on 2027-02-20"
    both = why_stale(("source:a", "source:b", "shelf life ended on 2027-02-20"), 1)
    assert both == "changed since the run: source:a and 1 more; its shelf life ended on 2027-02-20"


CONTRACT = """\
metadata:
  id: toy-v1
  version: 1.0.0
  created: 2026-05-06
  kind: pattern
  status: ACTIVE
  shelf_life: 90d
  description: a contract for tests
  references: [ a book ]
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
  - id: FALSIFY-TOY-001
    rule: excess is small
    prediction: excess stays at or below 2
    harness: falsifiers/toy.py::excess
    expect:
      - { metric: excess, op: "<=", value: 2.0, reason: "by construction" }
    controls: [tripled]
    if_fails: the construction is wrong
    status: DISCHARGED
"""
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"tripled": "each step times three"}


def excess(run):
    sample = Sample("none", 1, (1,), "none", "float64")
    return Measurements((Metric("excess", 3.0 if run.fault else 1.0, "1", sample),))
"""


class Home:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        (root / "falsifiers" / "toy.py").write_text(HARNESS)
        self.write(CONTRACT)

    def write(self, text):
        (self.root / "contracts" / "toy-v1.yaml").write_text(text)

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def commit(self):
        import subprocess

        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(self.root)]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "state"]):
            subprocess.run([*git, *words], check=True)

    @property
    def receipts(self):
        return sorted(self.root.glob("contracts/evidence/*/*.json"))

    @property
    def last_day(self):
        (receipt,) = self.receipts
        started = json.loads(receipt.read_text())["predicate"]["run"]["started"]
        return date.fromisoformat(started[:10]) + timedelta(days=90)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    home.commit()
    done = home.pv("discharge", "--all", "--record")
    assert done.exit_code == 0, done.output
    return home


def test_past_its_shelf_life_a_claim_is_ahead_of_its_receipt(home):
    last = home.last_day
    good = home.pv("status", "--today", str(last))
    assert f"counts until {last}" in good.output
    assert good.exit_code == 0
    over = home.pv("status", "--today", str(last + timedelta(days=1)))
    assert over.exit_code == 1
    assert f"its shelf life ended on {last}" in over.output


def test_what_runs_out_is_listed_with_the_command_that_renews_it(home):
    last = home.last_day
    none = home.pv("status", "--due", "30d", "--today", str(last - timedelta(days=31)))
    assert (none.exit_code, none.output) == (
        0,
        "OK: nothing runs out within 30 days; receipts with a shelf life: 1 (exit 0)\n",
    )
    due = home.pv("status", "--due", "30d", "--today", str(last - timedelta(days=30)))
    assert due.exit_code == 1
    assert f"{last}  in 30 days  TOY-001" in due.output
    assert "pv discharge TOY-001 --record" in due.output
    over = home.pv("status", "--due", "4w", "--today", str(last + timedelta(days=2)))
    assert f"{last}  2 days ago  TOY-001" in over.output
    told = home.pv("status", "--due", "30d", "--today", str(last), "--format", "json")
    data = json.loads(told.output)
    assert (data["exit_code"], data["today"], data["within_days"]) == (1, str(last), 30)
    (row,) = data["due"]
    assert (row["until"], row["days"], row["falsifier"]) == (str(last), 0, "FALSIFY-TOY-001")
    assert row["command"] == "pv discharge TOY-001 --record"


def test_without_a_shelf_life_nothing_is_judged(home):
    home.write(CONTRACT.replace("  shelf_life: 90d\n", ""))
    done = home.pv("status", "--due", "30d")
    assert done.exit_code == 3
    assert "no receipt has a shelf life" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--due", "a month"), "--due is 'a month', expected days or weeks such as 30d"),
        (("--today", "tomorrow"), "--today is 'tomorrow', expected a day as YYYY-MM-DD"),
        (("--due", "30d", "--ready"), "--ready and --due"),
    ],
)
def test_options_that_cannot_be_read_are_refused(home, words, said):
    done = home.pv("status", *words)
    assert done.exit_code != 0
    assert said in str(done.exception)


def test_a_page_tells_the_last_day_and_never_whether_it_has_come(home, monkeypatch):
    from pv.report.build import registry_view

    last = home.last_day
    pages = set()
    for day in (last - timedelta(days=1), last + timedelta(days=100)):
        monkeypatch.setattr("pv.evidence.derive.utc_today", lambda day=day: day)
        found = registry_view(home.root, local=False, base="docs")
        pages.add(found)
        (one,) = found.contracts[0].falsifiers
        assert (one.derived, f"counts until {last}" in one.why) == ("DISCHARGED", True)
    assert len(pages) == 1


def test_lint_says_what_status_says(home, monkeypatch):
    assert "PV-STA-001" not in home.pv("lint").output
    monkeypatch.setattr(
        "pv.lint.options.Options.utc_day", home.last_day + timedelta(days=1), raising=True
    )
    late = home.pv("lint", "--no-cache")
    assert late.exit_code == 1
    assert "PV-STA-001" in late.output
    assert "STALE" in late.output


def test_a_run_renews_what_ran_out_although_its_receipt_is_the_same(home):
    (old,) = home.receipts
    text = old.read_text()
    began = json.loads(text)["predicate"]["run"]["started"]
    earlier = text.replace(began, "2026-01-01T00:00:00Z")
    import hashlib

    old.unlink()
    name = hashlib.sha256(earlier.encode()).hexdigest()[:16]
    (old.parent / f"{name}.json").write_text(earlier)
    home.commit()
    assert "its shelf life ended on 2026-04-01" in home.pv("status").output
    assert "1 REUSED" not in home.pv("discharge", "--changed", "--record").output
    assert len(home.receipts) == 2
    assert home.pv("status").exit_code == 0
    again = home.pv("discharge", "--all", "--record")
    assert again.exit_code == 0
    assert len(home.receipts) == 2, "one receipt a day is enough"


def test_a_shelf_life_that_cannot_be_read_is_a_fault_with_its_place():
    judged = judge_text(CONTRACT.replace("90d", "a quarter"), "contracts/toy-v1.yaml")
    (fault,) = [each for each in judged.findings if each.rule == "PV-SCH-021"]
    assert fault.message == 'metadata toy-v1: shelf_life is "a quarter", expected days or weeks'
    assert (fault.span.start.line, fault.advice) == (7, "write 90d or 12w")
