"""Whatever happens to a contract, in whatever order: no claim is ahead of its receipts unseen.

People type words, runs are recorded, sources change, time passes, and commands promote and demote,
all on the real text of one contract. Two things hold after every step: a command never leaves a
claim ahead, and whatever is ahead by the plainest reading of the receipts is found by lint.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pv.lint.rules import pv_sta_001_overstated_state, pv_sta_003_differing_verdict
from pv.model.receipt import ModelIdentity, ReceiptView
from pv.model.status import Standing
from pv.model.verdict import WITH_RECEIPT, Level, State, Verdict
from pv.promotion.edition import Edition
from pv.promotion.moves import Move, claims, following, to_word
from pv.registry.lifecycle import load_lifecycle
from pv.shelf import dated
from pv.status import contract_status
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text

LIFECYCLE = load_lifecycle(None)
FILE = "contracts/machine-v1.yaml"
TEXT = """\
metadata:
  version: 1.0.0
  kind: pattern
  shelf_life: 10d
  status: DRAFT   # a claim
  description: d
  references: [ r ]
hypotheses:
  - { id: A1, claim: it grows, verdict: UNTESTED }
falsification_tests:
  - id: F-001
    rule: r
    prediction: p
    harness: falsifiers/x.py::f
    decides: { A1: { HELD: CONFIRMED, REFUTED: FALSIFIED } }
    if_fails: x
    status: BOUND
  - id: F-002
    rule: r
    prediction: p
    harness: falsifiers/x.py::g
    models:
      accept: [ { name: small, architecture: llama, sha256: SHA } ]
    if_fails: x
    status: BOUND
  - id: F-003
    rule: r
    prediction: p
    awaits: { source: elsewhere, reason: trained there }
    expect: [ { metric: m, unit: u, op: "<=", value: 1, reason: r } ]
    blocking: false
    if_fails: x
    status: BLOCKED
stages:
  - { id: M-1, status: NEW, gates: [ F-001, F-002 ] }
verification_summary: { discharged: 0, tested: 0, status: pending }
""".replace("SHA", "a" * 64)
NAMES = ("F-001", "F-002", "F-003")
WORDS = {
    kind: sorted(getattr(LIFECYCLE, kind).words)
    for kind in ("contract", "falsifier", "stage", "hypothesis")
}


class Machine(RuleBasedStateMachine):
    @initialize()
    def start(self):
        self.text = TEXT
        self.receipts = []
        self.today = date(2026, 11, 22)
        self.by_command = True

    # What is there

    @property
    def contract(self):
        found = decode(read_text(self.text, FILE)).contract
        assert found is not None
        return found

    @property
    def status(self):
        views = [dated(each, self.contract.shelf_life, self.today) for each in self.receipts]
        return contract_status(self.contract, views, LIFECYCLE)

    @property
    def claims(self):
        return list(claims(self.contract, self.status, LIFECYCLE))

    # What happens

    @rule(
        name=st.sampled_from(NAMES),
        verdict=st.sampled_from(sorted(WITH_RECEIPT)),
        post_hoc=st.booleans(),
    )
    def record(self, name, verdict, post_hoc):
        model = ModelIdentity("small", "a" * 64) if name == "F-002" else None
        level = {"F-002": Level.LIVE, "F-003": Level.FOREIGN}.get(name, Level.SYNTHETIC)
        number = len(self.receipts)
        statement = {"predicate": {"run": {"started": f"{self.today}T00:00:00Z"}}}
        path = f"contracts/evidence/{name}/{number:016x}.json"
        self.receipts.append(
            ReceiptView(
                f"{number:016x}", path, name, Verdict(verdict), level, model, post_hoc, (), False,
                statement,
            )
        )  # fmt: skip
        self.by_command = False

    @rule(name=st.sampled_from(NAMES))
    def change_a_source(self, name):
        self.receipts = [
            replace(each, stale=("source:falsifiers/x.py",)) if each.falsifier == name else each
            for each in self.receipts
        ]
        self.by_command = False

    @rule(days=st.integers(1, 12))
    def let_time_pass(self, days):
        self.today += timedelta(days=days)
        self.by_command = False

    @rule(data=st.data())
    def type_any_word(self, data):
        """An author writes what they like."""
        claim = data.draw(st.sampled_from(self.claims))
        edition = Edition(read_text(self.text, FILE))
        edition.put(claim.path, data.draw(st.sampled_from(WORDS[claim.kind])))
        self.text = edition.text
        self.by_command = False

    @rule()
    def promote_everything(self):
        ahead = {(each.kind, each.id) for each in self.claims if each.standing is Standing.AHEAD}
        self.carry_out(following(self.claims, LIFECYCLE, Standing.BEHIND))
        left = {(each.kind, each.id) for each in self.claims if each.standing is Standing.AHEAD}
        assert left <= ahead, "a promotion put a claim ahead"

    @rule(data=st.data())
    def promote_to_a_word(self, data):
        claim = data.draw(st.sampled_from(self.claims))
        word = data.draw(st.sampled_from(WORDS[claim.kind]))
        answer = to_word(self.contract, claim, word, self.status, LIFECYCLE)
        self.carry_out([answer])
        if isinstance(answer, Move):
            (now,) = [e for e in self.claims if (e.kind, e.id) == (claim.kind, claim.id)]
            assert now.standing is not Standing.AHEAD, f"{word} without its evidence"

    @rule()
    def demote_everything(self):
        self.carry_out(following(self.claims, LIFECYCLE, Standing.AHEAD))
        left = [each.id for each in self.claims if each.standing is Standing.AHEAD]
        assert left == [], "a claim stayed ahead of its evidence after a demotion"

    def carry_out(self, answers):
        moves = [each for each in answers if isinstance(each, Move)]
        edition = Edition(read_text(self.text, FILE))
        edition.move(moves)
        edition.summarise([], str(self.today))
        self.text = edition.text
        self.by_command = True

    # What always holds

    def fresh(self, name):
        last = self.today - timedelta(days=10)
        for each in self.receipts:
            if each.falsifier == name and not each.stale:
                began = date.fromisoformat(each.statement["predicate"]["run"]["started"][:10])
                if each.verdict is not Verdict.HELD or began >= last:
                    yield each

    def shown(self, name):
        """By the plainest reading: something fresh holds, nothing fresh says otherwise."""
        fresh = list(self.fresh(name))
        return bool(fresh) and all(each.verdict is Verdict.HELD for each in fresh)

    def discharged(self, name):
        sound = [e for e in self.fresh(name) if not e.post_hoc and e.level is not Level.FOREIGN]
        return self.shown(name) and bool(sound)

    @invariant()
    def what_is_ahead_is_found(self):
        contract, status = self.contract, self.status
        found = self.lint(contract, status)
        for falsifier in contract.falsifiers:
            word = LIFECYCLE.falsifier.word(falsifier.status or "")
            bare = word.state is State.DISCHARGED and not self.discharged(falsifier.id)
            weak = word.state is State.PARTIAL_ALGORITHM_LEVEL and not self.shown(falsifier.id)
            assert not (bare or weak) or falsifier.id in found, falsifier.id
        blocking = [each.id for each in contract.falsifiers if each.blocking]
        for claim in (each for each in self.claims if each.kind in {"contract", "stage"}):
            word = getattr(LIFECYCLE, claim.kind).word(claim.claimed)
            bare = word.needs is State.DISCHARGED and not all(map(self.discharged, blocking))
            weak = word.needs is State.PARTIAL_ALGORITHM_LEVEL and not all(
                map(self.shown, blocking)
            )
            assert not (bare or weak) or claim.kind in found, claim
        (hypothesis,) = contract.hypotheses
        if hypothesis.verdict in {"CONFIRMED", "FALSIFIED"}:
            verdicts = {each.verdict for each in self.fresh("F-001")}
            right = {"CONFIRMED": Verdict.HELD, "FALSIFIED": Verdict.REFUTED}[hypothesis.verdict]
            assert right in verdicts or "A1" in found

    def lint(self, contract, status):
        context = SimpleNamespace(
            status_of=lambda _: status, lifecycle=LIFECYCLE, before=lambda _: None
        )
        found = set()
        for one in (pv_sta_001_overstated_state, pv_sta_003_differing_verdict):
            for finding in one.check(contract, context):
                words = finding.message.split(" claims ")[0].split()
                found.add(words[-1] if words[0] in {"falsifier", "hypothesis"} else words[0])
        return found

    @invariant()
    def counts_follow_the_claims(self):
        if self.by_command:
            done = sum(each.status == "DISCHARGED" for each in self.contract.falsifiers)
            assert self.contract.data["verification_summary"]["discharged"] == done

    @invariant()
    def nothing_else_was_touched(self):
        assert "status:" in self.text
        assert "# a claim" in self.text
        assert self.text.startswith("metadata:\n  version: 1.0.0\n  kind: pattern\n")


Machine.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestSequences = Machine.TestCase


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("number", range(3))
def test_without_receipts_no_word_that_needs_them_is_reached(kind, number):
    """Every word of every vocabulary, asked for from every other one."""
    contract = decode(read_text(TEXT, FILE)).contract
    status = contract_status(contract, (), LIFECYCLE)
    mine = [each for each in claims(contract, status, LIFECYCLE) if each.kind == kind]
    claim = mine[number % len(mine)]
    for word in getattr(LIFECYCLE, kind).words.values():
        answer = to_word(contract, claim, word.name, status, LIFECYCLE)
        far = word.needs or word.state
        needs = far is not None and LIFECYCLE.rank(far) > LIFECYCLE.rank(State.BOUND)
        answered = word.verdict is not None and word.verdict != "UNTESTED" and not word.decision
        if needs or word.live or answered:
            assert not isinstance(answer, Move), word.name
