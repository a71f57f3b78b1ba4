"""States of single contracts, kept: after any change the answer is that of a run without memory."""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pv import stamps
from pv.cli.main import app
from pv.evidence import kept
from pv.evidence.derive import derive_all
from pv.evidence.kept import FILE
from pv.evidence.recalled import KeptStatus
from pv.evidence.receipt import write_receipt
from pv.model.receipt import Comparison, ModelIdentity
from pv.model.verdict import Level, Verdict
from pv.registry.contracts import load_contracts
from pv.registry.git import NOT_RUN, Answer

HEAD = """\
metadata:
  id: {name}-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  status: {status}
  description: |
    {words}
{life}changelog:
  - {{ version: 1.0.0, date: 2026-05-06, changes: [start] }}
hypotheses:
  - {{ id: H-{upper}, claim: "it is small", verdict: UNTESTED }}
stages:
  - {{ id: S-{upper}, status: OPEN, gates: [FALSIFY-{upper}-001] }}
falsification_tests:
"""
HARNESS = """\
  - id: FALSIFY-{upper}-001
    rule: growth is small
    prediction: growth stays at or below 2
    harness: falsifiers/{name}.py::growth
    parameters: {{ step: 1.0 }}
    expect:
      - {{ metric: growth, op: "<=", value: {limit}, reason: "by construction" }}
    controls: [tripled]
    decides: {{ H-{upper}: {{ HELD: CONFIRMED, REFUTED: FALSIFIED }} }}
    unblocks: [FALSIFY-{upper}-002]
    if_fails: the construction is wrong
    status: {claim}
"""
LIVE = """\
  - id: FALSIFY-{upper}-002
    rule: growth is small on a model
    prediction: growth stays at or below 2
    harness: falsifiers/{name}.py::growth
    models:
      quorum: any
      accept:
        - {{ name: small, architecture: llama, sha256: SHA }}
    expect:
      - {{ metric: growth, op: "<=", value: 2.0, reason: "by construction" }}
    controls: [tripled]
    if_fails: the construction is wrong
""".replace("SHA", "a" * 64)
OTHERS = """\
  - id: FALSIFY-{upper}-003
    rule: a test stands somewhere
    prediction: it passes
    test: "{reference}"
    if_fails: nobody looked
  - id: FALSIFY-{upper}-004
    rule: a node
    prediction: it passes
    pytest: tests/test_{name}.py::test_growth
    if_fails: nobody looked
"""
SHIP = """\
metadata: { id: ship-v1, version: 1.0.0, created: 2026-05-06, updated: 2026-05-06, author: tests,
  kind: ship, status: PROPOSED, description: one model }
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
models:
  - id: MODEL-1
    name: one
    base: 10
    model: small
    criteria:
      - { id: AC-1, criterion: first, weight: 1, gates: [FALSIFY-A-001] }
      - { id: AC-2, criterion: second, weight: 2, gates: [FALSIFY-B-002, FALSIFY-A-001] }
"""
NAMES = ("a", "b", "c")


class Town:
    """A registry that changes at random, and what is asked of it."""

    def __init__(self, home, make_outcome, seed):
        self.home, self.outcome = home, make_outcome
        self.root = home.root
        self.draw = random.Random(seed)  # noqa: S311 - test data, not a secret
        home.file.unlink()
        home.start()
        for name in NAMES:
            self.write(name)
            self.source(name).write_text("def growth(run):\n    return None\n")
        (self.root / "contracts" / "ship-v1.yaml").write_text(SHIP)
        (self.root / "tests").mkdir()
        for _ in range(3):
            self.receipt()
        home.commit("all of it")

    def path(self, name):
        return self.root / "contracts" / f"{name}-v1.yaml"

    def source(self, name):
        return self.root / "falsifiers" / f"{name}.py"

    def name(self):
        return self.draw.choice(NAMES)

    def files(self):
        return sorted((self.root / "contracts/evidence").rglob("*.json"))

    # What may change

    def write(self, name):
        say = {
            "name": name,
            "upper": name.upper(),
            "status": self.draw.choice(("PROPOSED", "ACTIVE", "ACTIVE_FUNCTIONAL")),
            "claim": self.draw.choice(("BOUND", "DISCHARGED")),
            "limit": self.draw.choice(("2.0", "2.5")),
            "words": f"words {self.draw.random()}",
            "life": self.draw.choice(("", "  shelf_life: 30d\n")),
            "reference": self.draw.choice(
                ("test_anywhere", "tests/test_a.py::test_growth", "scripts/run.sh", "a sentence")
            ),
        }
        parts = [HEAD, HARNESS, *self.draw.sample((LIVE, OTHERS), self.draw.randint(0, 2))]
        self.path(name).write_text("".join(parts).format(**say))

    def edit(self):
        self.write(self.name())

    def break_contract(self):
        self.path(self.name()).write_text(self.draw.choice(("a: [1", "metadata: 3", "- 1\n")))

    def remove_contract(self):
        self.path(self.name()).unlink(missing_ok=True)

    def copy_contract(self):
        if self.path("a").is_file():
            shutil.copy(self.path("a"), self.root / "contracts" / "again-v1.yaml")

    def receipt(self, record=True):
        name, number = self.name(), self.draw.choice((1, 1, 2, 3))
        live = number == 2
        good = self.draw.random() < 0.7
        value = 1.0 if good else 9.0
        missed = Comparison("growth", "<=", 2.0, None, value, good, value, None, "so it is")
        contract = next(
            (
                each.contract
                for each in load_contracts(self.root)
                if each.contract and each.contract.stem == f"{name}-v1"
            ),
            None,
        )
        wanted = f"FALSIFY-{name.upper()}-00{number}"
        falsifiers = contract.falsifiers if contract else ()
        falsifier = next((each for each in falsifiers if each.id == wanted), None)
        if falsifier is None or not self.source(name).is_file():
            return
        data = self.source(name).read_bytes()
        outcome = self.outcome(
            Verdict.HELD if good else Verdict.REFUTED,
            sources={f"falsifiers/{name}.py": hashlib.sha256(data).hexdigest()},
            model=None,
            headline=f"growth {value} {self.draw.random()}",
            comparisons=(missed,),
        )
        outcome = replace(
            outcome,
            falsifier=wanted,
            contract=contract.id,
            model=ModelIdentity("small", "a" * 64) if live else None,
            level=Level.LIVE if live else Level.SYNTHETIC,
        )
        commit = self.draw.choice((None, "c" * 40))
        write_receipt(self.root, contract, falsifier, outcome, commit, record=record)

    def local_receipt(self):
        self.receipt(record=False)

    def remove_receipt(self):
        if self.files():
            self.draw.choice(self.files()).unlink()

    def damage_receipt(self):
        if self.files():
            path = self.draw.choice(self.files())
            data = bytearray(path.read_bytes())
            data[self.draw.randrange(len(data))] ^= 4
            path.write_bytes(data)

    def stray_file(self):
        folder = self.root / "contracts/evidence" / self.draw.choice(("FALSIFY-A-001", "GONE-1"))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "notes.txt").write_text("a note")

    def source_changed(self):
        self.source(self.name()).write_text(
            self.draw.choice(("def growth(run):\n    return 1\n", "def other(run): ...\n", "(("))
        )

    def source_gone(self):
        self.source(self.name()).unlink(missing_ok=True)

    def tests_changed(self):
        path = self.root / "tests" / f"test_{self.name()}.py"
        path.write_text(
            self.draw.choice(
                ("def test_growth(): ...\n", "def test_anywhere(): ...\n", "import pytest\n")
            )
        )

    def script(self):
        (self.root / "scripts").mkdir(exist_ok=True)
        (self.root / "scripts/run.sh").write_text("true\n")

    def commit(self):
        paths = self.draw.choice((["-A"], ["contracts/*.yaml"], ["contracts"]))
        self.home.git("add", *paths)
        self.home.git("commit", "-q", "--allow-empty", "-m", "some of it")

    def amend(self):
        self.home.git("commit", "-q", "--amend", "--allow-empty", "-m", "again")

    def branch(self):
        self.home.git("checkout", "-q", "-b", f"branch-{self.draw.random()}")
        self.commit()
        self.home.git("checkout", "-q", self.draw.choice(("-", "HEAD")))

    def own_words(self):
        (self.root / "schemas").mkdir(exist_ok=True)
        text = (stamps.packaged("schemas") / "lifecycle.yaml").read_text()
        (self.root / "schemas/lifecycle.yaml").write_text(text + f"# {self.draw.random()}\n")

    def memory_gone(self):
        (self.root / ".pv" / FILE).unlink(missing_ok=True)

    def memory_spoilt(self):
        path = self.root / ".pv" / FILE
        if path.is_file():
            data = bytearray(path.read_bytes())
            for _ in range(20):
                data[self.draw.randrange(len(data))] ^= 1
            path.write_bytes(data)

    CHANGES = (
        *(edit, receipt, receipt, commit, source_changed, tests_changed, damage_receipt),
        *(edit, receipt, receipt, commit, remove_receipt, remove_contract, break_contract),
        *(copy_contract, local_receipt, stray_file, source_gone, script, amend, branch),
        *(own_words, memory_gone, memory_spoilt),
    )

    # What is asked

    def ask(self, *words):
        page = self.root / ".pv" / "page.html"
        page.unlink(missing_ok=True)
        where = ("-o", str(page)) if words[0] == "report" else ()
        done = CliRunner().invoke(app, [*words, *where, "--root", str(self.root)])
        assert done.exit_code in (0, 1, 2, 3), done.output
        return done.exit_code, done.output, page.read_text() if page.is_file() else ""

    def without_memory(self, *words):
        memory = sorted((self.root / ".pv").glob("*.sqlite*"))
        aside = self.root.parent / f"{self.root.name}-aside"
        aside.mkdir(exist_ok=True)
        for path in memory:
            path.rename(aside / path.name)
        try:
            return self.ask(*words)
        finally:
            for path in (self.root / ".pv").glob("*.sqlite*"):
                path.unlink()
            for path in memory:
                (aside / path.name).rename(path)


QUESTIONS = (
    *(("status",), ("status", "--local"), ("status", "--format", "json"), ("status", "--ready")),
    *(("ship",), ("ship", "--format", "json", "--local"), ("report",), ("report", "--local")),
    *(("status", "--due", "30d"), ("status", "--today", "2027-01-01"), ("can-ship", "MODEL-1")),
)


@pytest.fixture(autouse=True)
def _old(monkeypatch):
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**18))


def told_alike(town, *words):
    told = town.ask(*words)
    assert told[0] != 2, told
    assert told == town.without_memory(*words), words
    return told


@pytest.mark.parametrize("seed", range(3))
def test_after_any_change_the_answer_is_that_of_a_run_without_memory(seed, home, make_outcome):
    town = Town(home, make_outcome, seed)
    seen = set()
    for step in range(10):
        change = town.draw.choice(Town.CHANGES)
        change(town)
        for words in town.draw.sample(QUESTIONS, 2):
            try:
                seen.add(told_alike(town, *words))
            except AssertionError as fault:
                raise AssertionError(f"step {step}, after {change.__name__}") from fault
    assert len(seen) > 10


# One change at a time: what is derived again, and what is not


@pytest.fixture
def street(home, make_outcome):
    """A registry of three contracts, each with a receipt, in which nothing is left to chance."""
    town = Town(home, make_outcome, 1)
    for path in town.files():
        path.unlink()
    for name in NAMES:
        say = {"name": name, "upper": name.upper(), "status": "PROPOSED", "claim": "BOUND"}
        say |= {"limit": "2.0", "words": "words", "life": "", "reference": "test_anywhere"}
        parts = (HEAD, HARNESS, OTHERS) if name == "c" else (HEAD, HARNESS)
        town.path(name).write_text("".join(parts).format(**say))
        (town.root / f"tests/test_{name}.py").write_text("def test_growth(): ...\n")
    home.commit("the questions")
    for each in NAMES:
        town.name = lambda each=each: each
        count = len(town.files())
        while len(town.files()) == count:
            town.receipt()
    home.commit("the answers")
    return town


def derived_again(town, **options):
    """Return the stems of the contracts that are not recalled."""
    found = derive_all(town.root, **options)
    pairs = zip(found.contracts, found.statuses, strict=True)
    return {one.file[10:-8] for one, status in pairs if not isinstance(status, KeptStatus)}


def first(town, name):
    return next((town.root / f"contracts/evidence/FALSIFY-{name.upper()}-001").iterdir())


def rewrite(path, data=None):
    path.write_bytes(path.read_bytes() if data is None else data)


def other_word(town):
    town.own_words()
    path = town.root / "schemas/lifecycle.yaml"
    path.write_text(path.read_text().replace("being written", "in the making", 1))


def cut_history(town):
    (town.root / ".git/shallow").write_text(town.home.git("rev-parse", "HEAD") + "\n")


def link(town):
    town.path("b").rename(town.root / "b.yaml")
    town.path("b").symlink_to("../b.yaml")


def appear(name, text):
    return lambda town: (town.root / name).write_text(text)


ALL = {"a", "b", "c", "ship"}
APART = {
    "nothing": (lambda town: None, ""),
    "a contract": (lambda town: rewrite(town.path("a")), "a"),
    "a receipt gone": (lambda town: first(town, "b").unlink(), "b"),
    "a receipt damaged": (lambda town: rewrite(first(town, "b"), b"{}"), "b"),
    "a receipt rewritten": (lambda town: rewrite(first(town, "b")), "b"),
    "a source": (lambda town: rewrite(town.source("b"), b"def growth(run): return 2"), "bc"),
    "a source as it was": (lambda town: rewrite(town.source("b")), "c"),
    "a test of a name": (appear("tests/test_x.py", "def test_anywhere(): ..."), "c"),
    "a note": (appear("notes.md", "a note"), "c"),
    "a commit": (lambda town: town.home.git("commit", "-q", "--allow-empty", "-m", "x"), ""),
    "words": (Town.own_words, "c"),
    "a word": (other_word, ALL),
    "a history cut off": (cut_history, ALL),
    "memory gone": (Town.memory_gone, ALL),
    "a link": (link, "bc"),
}


@pytest.mark.parametrize("change", APART)
def test_only_what_rests_on_a_change_is_derived_again(change, street):
    act, expected = APART[change]
    told_alike(street, "status")
    assert derived_again(street) == set()
    act(street)
    assert derived_again(street) == set(expected)
    told_alike(street, "status")


def test_a_commit_of_limits_with_their_result_is_seen(street):
    text = street.path("a").read_text().replace("value: 2.0", "value: 3.0")
    street.path("a").write_text(text)
    street.name = lambda: "a"
    count = len(street.files())
    while len(street.files()) == count:
        street.receipt()
    assert "POST-HOC" not in told_alike(street, "status")[1]
    street.home.commit("both at once")
    assert "POST-HOC" in told_alike(street, "status")[1]


def test_a_test_that_appears_is_seen(street):
    before = told_alike(street, "status")
    appear("tests/test_x.py", "def test_anywhere(): ...")(street)
    assert told_alike(street, "status") != before


def test_a_young_file_is_derived_again_each_time(street, monkeypatch):
    assert derived_again(street) == set(ALL)
    assert derived_again(street) == set()
    monkeypatch.setattr(stamps, "SETTLED_NS", 10**18)
    assert derived_again(street) == set(ALL)


def test_a_way_of_counting_has_rows_of_its_own(street):
    for options in ({}, {"local": True}, {"freshness": "as recorded"}):
        assert derived_again(street, **options) == set(ALL)
        assert derived_again(street, **options) == set()


def test_what_git_did_not_answer_is_not_kept(street, monkeypatch):
    silent = Answer(problem="git could not be run: TimeoutExpired", code=NOT_RUN)
    with monkeypatch.context() as patch:
        patch.setattr("pv.evidence.history.ask", lambda *_: silent)
        derive_all(street.root)
    assert derived_again(street) == set(ALL)


def test_a_recalled_status_is_the_derived_one_and_so_is_its_contract(street):
    fresh = derive_all(street.root, freshness="as recorded")
    again = derive_all(street.root, freshness="as recorded")
    for one, other in zip(fresh.statuses, again.statuses, strict=True):
        assert isinstance(other, KeptStatus)
        assert (other.summary, other.ahead) == (one.summary, one.ahead)
        for name in type(one).__dataclass_fields__:
            assert getattr(other, name) == getattr(one, name), name
        for view, same in zip(receipts_of(one), receipts_of(other), strict=True):
            assert dict(view.statement["predicate"]) == dict(same.statement["predicate"])
    for one, other in zip(fresh.contracts, again.contracts, strict=True):
        assert other.span(("metadata", "version")) == one.span(("metadata", "version"))
        for name in set(type(one).__dataclass_fields__) - {"locate"}:
            assert getattr(other, name) == getattr(one, name), name


def receipts_of(status):
    return [view for each in status.falsifiers for view in each.receipts]


def test_rows_that_went_in_between_are_made_again(street, monkeypatch):
    whole = derive_all(street.root).statuses
    recalled = derive_all(street.root).statuses
    (street.root / ".pv" / FILE).unlink()
    monkeypatch.setattr(kept, "_FEW", 1)
    assert [each.falsifiers for each in recalled] == [each.falsifiers for each in whole]


def test_a_contract_that_changes_while_it_is_judged_is_told(street):
    from pv.errors import BadInputError

    derive_all(street.root)
    contracts = derive_all(street.root).contracts
    street.path("a").write_text("metadata: {}\n")
    with pytest.raises(BadInputError, match=r"a-v1\.yaml changed while it was judged"):
        _ = contracts[0].text
