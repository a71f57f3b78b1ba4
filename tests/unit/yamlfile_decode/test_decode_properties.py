"""Whatever a document holds, it is decoded without a crash, and the order of keys says nothing."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pv.yamlfile.judge import Judged, judge_text
from pv.yamlfile.keys import SECTIONS

_KEYS = sorted({name for table in SECTIONS.values() for name in table.keys} | {"x-own", "banana"})
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-1e3, 1e3),
    st.sampled_from(["", "1e-5", "2026-05-06", "v1.0.0: x", "ship", "<=", "near", "a\x1bb", "漢"]),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    ),
    max_leaves=15,
)
_TOP = st.dictionaries(
    st.sampled_from([*SECTIONS["contract"].keys, "name", "surface", "bindings", "target_crate",
                     "contract", "falsification", "gates", "family", "size_variants"]),
    _VALUES,
    max_size=7,
)  # fmt: skip


def _text(data: Any) -> str:
    # JSON is YAML 1.2: any tree becomes a text whose places can be checked.
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)


_BY_FIRST_KEY = ("PV-SCH-001", "PV-SCH-006")
"""Rules whose message quotes the first key of a mapping, which does depend on the order."""


def _said(judged: Judged) -> list[tuple[str, str, str]]:
    return sorted(
        (one.rule, "", "") if one.rule in _BY_FIRST_KEY else (one.rule, one.message, str(one.path))
        for one in judged.findings
    )


@settings(max_examples=200, deadline=None)
@given(_TOP)
def test_any_tree_is_judged_and_every_finding_has_a_place_in_it(data: dict[str, Any]) -> None:
    text = _text(data)
    lines = text.split("\n")
    for one in judge_text(text, "c.yaml").findings:
        start, end = one.span.start, one.span.end
        assert start <= end
        assert 1 <= start.line <= end.line <= len(lines)
        assert 1 <= start.column <= len(lines[start.line - 1]) + 1
        assert one.message


@settings(max_examples=150, deadline=None)
@given(_TOP, st.randoms(use_true_random=False))
def test_the_order_of_keys_says_nothing(data: dict[str, Any], source: random.Random) -> None:
    first = judge_text(_text(data), "c.yaml")
    second = judge_text(_text(_shuffled(data, source)), "c.yaml")
    assert _said(first) == _said(second)
    assert first.contract is not None
    assert second.contract is not None
    assert _sorted(first.contract.falsifiers) == _sorted(second.contract.falsifiers)
    assert _sorted(first.contract.equations) == _sorted(second.contract.equations)
    assert first.contract.id == second.contract.id


def _sorted(parts: tuple[Any, ...]) -> list[Any]:
    """Return records by their path: those of a mapping stand in the order of its keys."""
    return sorted(parts, key=lambda one: str(one.path))


def _shuffled(data: Any, source: random.Random) -> Any:
    if isinstance(data, list):
        return [_shuffled(one, source) for one in data]
    if not isinstance(data, dict):
        return data
    pairs = [(key, _shuffled(value, source)) for key, value in data.items()]
    source.shuffle(pairs)
    return dict(pairs)
