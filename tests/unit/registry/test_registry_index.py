"""Contracts by their names, and loops of dependencies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.model.contract import Contract
from pv.registry.index import Registry
from pv.yamlfile.judge import judge_text

ROOT = Path("/nowhere")


def contract(name: str, *depends_on: str, identity: str = "") -> Contract:
    named = f"id: {identity}, " if identity else ""
    text = f"metadata: {{ {named}version: 1.0.0, depends_on: [{', '.join(depends_on)}] }}\n"
    found = judge_text(text, f"contracts/{name}.yaml").contract
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["a-v1", "C-A", "a-v1.yaml", "contracts/a-v1.yaml", "x/a-v1.yml"])
def test_a_contract_is_found_by_every_name_in_use(name: str) -> None:
    registry = Registry(ROOT, [contract("b-v1"), contract("a-v1", identity="C-A")])
    found = registry.find(name)
    assert found is not None
    assert found.stem == "a-v1"


@pytest.mark.parametrize("name", ["a-v", "a-v11", "C-B", "", "/"])
def test_a_name_that_is_only_alike_finds_nothing(name: str) -> None:
    assert Registry(ROOT, [contract("a-v1", identity="C-A")]).find(name) is None


def loops(edges: dict[str, list[str]]) -> list[list[str]]:
    registry = Registry(ROOT, [contract(name, *to) for name, to in edges.items()])
    return [[Path(file).stem for file in loop] for loop in registry.cycles()]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({"a": ["b"], "b": []}, []),
        ({"a": ["a"]}, [["a"]]),
        ({"a": ["b"], "b": ["a"]}, [["a", "b"]]),
        ({"b": ["a"], "a": ["c"], "c": ["b"]}, [["a", "c", "b"]]),
        ({"a": ["b", "c"], "b": ["c"], "c": ["a"]}, [["a", "c"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c", "a"]}, [["a", "b"], ["c", "d"]]),
        ({"a": ["gone"], "b": ["a"]}, []),
    ],
)
def test_loops_are_whole_and_begin_with_the_least(
    edges: dict[str, list[str]], expected: list[list[str]]
) -> None:
    assert loops(edges) == expected


NAMES = "abcdef"


@given(
    st.dictionaries(
        st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True), min_size=1
    )
)
def test_a_loop_is_found_exactly_where_something_reaches_itself(
    edges: dict[str, list[str]],
) -> None:
    reach = {name: {to for to in edges[name] if to in edges} for name in edges}
    for middle in edges:
        for start in edges:
            if middle in reach[start]:
                reach[start] = reach[start] | reach[middle]
    knots = {frozenset(o for o in edges if o in reach[n] and n in reach[o]) for n in edges}
    knots = {knot for knot in knots if knot}
    found = loops(edges)
    assert {frozenset(k) for k in knots} == {
        next(k for k in knots if set(loop) <= k) for loop in found
    }
    assert len(found) == len(knots)
    for loop in found:
        for here, there in zip(loop, [*loop[1:], loop[0]], strict=True):
            assert there in edges[here]


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    edges = {f"n{i:05}": [f"n{i + 1:05}"] for i in range(3000)}
    edges["n03000"] = ["n00000"]
    (loop,) = loops(edges)
    assert len(loop) == 3001
