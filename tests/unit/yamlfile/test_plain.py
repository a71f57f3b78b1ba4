"""Reading data alone: the same data as the builder reads, and nothing that it would refuse."""

import random
from pathlib import Path

import pytest

from pv.yamlfile.build import MAX_NODES, MAX_SCALAR, Builder
from pv.yamlfile.fault_log import FatalFault, Faults
from pv.yamlfile.intake import take_text
from pv.yamlfile.nodes import Plain, to_plain
from pv.yamlfile.plain import read_plain
from pv.yamlfile.read import read_text
from tests.bench.contract_tree import contract_text
from tests.soak.mutated_contracts import mutated, seeds_of

SOUND = {
    "scalars": "a: 1\nb: 1.5\nc: ~\nd: yes\ne: 012\nf: '1'\ng: \"~\"\nh: 1e-5\ni: .inf\nj: true\n",
    "absent values": "a:\nb: []\nc: {}\nd:\n  -\n",
    "blocks": "a: |\n  x\n   y\n\nb: >-\n  one\n  two\n",
    "flow": '{a: [1, {b: c}], "d": ["e", f g]}\n',
    "text that looks like an anchor": "a: b & c\nd: e ! f * g\n",
    "question inside": "a: why? because\n",
    "quoted merge key beside others": "a: '<'\n",
    "empty key in quotes": '"": a\n',
    "document markers": "---\na: b\n...\n",
    "key without value in flow": "a: {b, c}\n",
}
LEFT = {
    "duplicate key": "a: 1\na: 2\n",
    "number as key": "1: a\n",
    "null as key": "~: a\n",
    "no key": ": a\n",
    "list as key": "? [a]\n: b\n",
    "merge key": "<<: a\n",
    "anchor": "a: &x 1\n",
    "anchor of a list": "a: &x [1]\n",
    "alias": "a: &x 1\nb: *x\n",
    "tag": "a: !!str 1\n",
    "tag of a mapping": "a: !x {b: c}\n",
    "second document": "a: 1\n---\nb: 2\n",
    "list": "- a\n",
    "scalar": "a\n",
    "nothing": "# only a comment\n",
    "syntax": "a: [1\n",
    "syntax behind the end": "a: 1\n]\n",
    "endless number": f"a: {'9' * 4301}\n",
    "NUL": 'a: "\\0"\n',
    "long NUL": 'a: "\\U00000000"\n',
    "loose question": "a: [?x]\n",
    "deep": "a: " + "[" * 64 + "]" * 64 + "\n",
    "long text": f"a: {'x' * (MAX_SCALAR + 1)}\n",
    "many nodes": "a: [" + "1," * MAX_NODES + "]\n",
}


def built(text: str) -> Plain:
    root = Builder(text, Faults("a.yaml")).build()
    assert root is not None
    return to_plain(root)


@pytest.mark.parametrize("name", SOUND)
def test_data_are_those_of_the_builder(name):
    plain = read_plain(SOUND[name])
    assert plain is not None
    assert repr(plain) == repr(built(SOUND[name]))


@pytest.mark.parametrize("name", LEFT)
def test_what_needs_a_second_look_is_left(name):
    assert read_plain(LEFT[name]) is None


def test_deepest_permitted_content_is_read():
    text = "a: " + "[" * 63 + "]" * 63 + "\n"
    assert repr(read_plain(text)) == repr(built(text))


def test_places_follow_when_asked_for():
    text = contract_text(3)
    document = read_text(text, "a.yaml")
    assert document.sound
    assert repr(document.plain) == repr(to_plain(document.root))
    assert document.root is document.root


def test_own_contracts_and_generated_ones_are_read_at_once():
    texts = [path.read_text("utf-8") for path in sorted(Path("contracts").glob("*.yaml"))]
    texts += [contract_text(number) for number in range(20)]
    assert len(texts) > 20
    for text in texts:
        assert repr(read_plain(text)) == repr(built(text))


def test_mutated_contracts_are_read_as_the_builder_reads_them():
    rng = random.Random(20)  # noqa: S311 - test data, not a secret
    seeds = seeds_of(None)
    same = left = 0
    for _ in range(600):
        text, problem = take_text(mutated(seeds, rng)[1], "a.yaml")
        if problem:
            continue
        plain, faults = read_plain(text), Faults("a.yaml")
        if plain is None:
            left += 1
            continue
        try:
            root = Builder(text, faults).build()
        except FatalFault as fault:
            pytest.fail(f"read where the builder says {fault}: {text!r}")
        assert not faults.noted
        assert root is not None
        assert repr(plain) == repr(to_plain(root))
        same += 1
    assert same > 100
    assert left > 20
