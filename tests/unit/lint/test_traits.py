"""A rule that is not asked about a contract would have found nothing there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pv.lint.context import Context
from pv.lint.intake import take
from pv.lint.options import Options
from pv.lint.rules import RULES
from pv.lint.traits import Trait, traits_of
from pv.registry.index import Registry
from pv.yamlfile.judge import judge_text

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "corpus"
ABOUT = [rule for rule in RULES if rule.about is not None]


@pytest.mark.parametrize("folder", [CORPUS / "negative", CORPUS / "positive", ROOT])
def test_a_rule_finds_nothing_where_nothing_of_it_stands(folder: Path) -> None:
    judged = take([], folder).judged
    contracts = [one.contract for one in judged if one.contract is not None]
    context = Context(Registry(folder, contracts), Options(strict_test_binding=True))
    passed_by = 0
    for contract in contracts:
        traits = traits_of(contract)
        for rule in ABOUT:
            if rule.about is not None and not rule.about.value & traits and rule.check:
                assert not list(rule.check(contract, context)), (rule.id, contract.file)
                passed_by += 1
    assert passed_by > len(contracts)


def _traits(text: str) -> Trait:
    contract = judge_text(f"metadata: {{ id: A, version: 1.0.0 }}\n{text}\n", "a-v1.yaml").contract
    assert contract is not None
    return Trait(traits_of(contract))


@pytest.mark.parametrize(
    ("said", "trait"),
    [
        ("the ratio ≤ 2 holds", Trait.SAYS_RATIO),
        ("THE RATIO is at most 2", Trait.SAYS_RATIO),
        ("ratio stays within [1, 2]", Trait.SAYS_RATIO),
        ("it grows 1.8×", Trait.SAYS_TIMES),
        ("3 X faster", Trait.SAYS_TIMES),
        ("Outside the band", Trait.SAYS_OUTSIDE),
        ("NEVER more", Trait.SAYS_ALL),
        ("one sample is measured per layer", Trait.SAYS_ALL),
        ("ratıo < 2", Trait.SAYS_RATIO),  # case set aside, the letter is an i
        ("out\u017fide it", Trait.SAYS_OUTSIDE),
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "falsification_tests: [ { id: F-1, rule: '%s', prediction: p, if_fails: f, test: t } ]",
        "falsification_tests: [ { id: F-1, rule: r, prediction: '%s', if_fails: f, test: t } ]",
        "proof_obligations: [ { property: '%s' } ]",
        "hypotheses: [ { id: H1, claim: '%s' } ]",
    ],
)
def test_words_are_seen_wherever_rules_look_for_them(place: str, said: str, trait: Trait) -> None:
    assert trait in _traits(place % said)
    assert trait not in _traits(place % "the ratio of input and output stays")
