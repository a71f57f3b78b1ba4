"""Any bytes at all: never an exception, never slow; and plain data survives dumping and reading."""

import io
import math
import random
import time
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pv.yamlfile.nodes import Mapping, Node, Scalar, Sequence, to_plain
from pv.yamlfile.problems import ProblemCode
from pv.yamlfile.read import Document, read_text

C = ProblemCode
RECOVERABLE = {C.EXPLICIT_TAG, C.DUPLICATE_KEY, C.KEY_NOT_TEXT, C.MERGE_KEY, C.NUMBER_TOO_LONG}

CONTRACT = """\
# Softmax over one row
metadata:
  id: C-SOFTMAX-ROW
  version: 1.4.0
  created: 2026-03-01
  author: kernel team
  kind: pattern
  status: ACTIVE_ALGORITHM_LEVEL
  description: |
    Row softmax with the maximum subtracted first: σ(x)ᵢ = exp(xᵢ − m) / Σ exp(xⱼ − m).

    Saturation must not amplify.
  references:
    - {paper: "Numerical recipes, § 3"}
    - "issue: overflow at x ≥ 89"
  depends_on: [ exp-f32-v1, reduce-sum-v2 ]
changelog:
  - version: 1.4.0
    date: 2026-03-01
    changes: [ "bound tightened", 'row of ±0 added' ]
equations:
  softmax:
    formula: "σ(x)ᵢ = exp(xᵢ − m) / Σⱼ exp(xⱼ − m)"
    domain: '|x| ≤ 88'
    invariants: [ sum is 1, "0 ≤ σ ≤ 1" ]
proof_obligations:
  - id: O-1
    type: bound
    property: rows sum to one
    tolerance: {value: 1e-5, reason: "32 additions of f32"}
falsification_tests:
  - &first
    id: FALSIFY-SOFTMAX-001
    rule: rows sum to one
    prediction: >-
      the sum of every row differs from one
      by at most the tolerance
    harness: falsifiers/softmax/rows.py::row_sums
    parameters: { rows: 64, columns: 0x80, scale: -2.5E+1, exact: false, seed: ~ }
    expect:
      - { metric: worst, op: "<=", value: 1.0e-5, reason: "the obligation\\u2019s bound" }
    controls: [ no_maximum, low_temperature ]
    if_fails: the reduction loses addends
    status: DISCHARGED
  - id: FALSIFY-SOFTMAX-002
    planned: {reason: needs a device, since: 2026-03-01}
stages:
  - { id: M-1, status: PLANNED, gates: [FALSIFY-SOFTMAX-001] }
again: *first
"""

FRAGMENTS = [
    *(b"\0 \t \r \x85 \x1b & * ! ? : - [ ] { } , # | > ' \" % @ ` ~ << --- ... \\u".split(b" ")),
    b" ",
    b"\n",
    b"\r\n",
    b"\xff",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b": ",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"!!str ",
    b"<<: *first\n",
    b"\n---\n",
    b"%YAML 9.9\n",
    b"[" * 80,
    b"9" * 5000,
    b"id: x\n",
]


def check(document: Document) -> None:
    """Check what holds for every document, good or bad."""
    fatal = [problem for problem in document.problems if problem.code not in RECOVERABLE]
    assert (document.root is None) == bool(fatal)
    assert fatal in ([], list(document.problems[-1:]))
    lines = document.text.split("\n")
    for problem in document.problems:
        (start, end) = (problem.span.start, problem.span.end)
        assert (1, 1) <= start <= end
        assert start.line <= len(lines)
        assert start.column <= len(lines[start.line - 1]) + 1 or not document.text
        assert problem.message.isprintable()
    if document.root is not None:
        check_nodes(document.root, lines)
        to_plain(document.root)


def check_nodes(root: Node, lines: list[str]) -> None:
    """Check that every place lies in the text, and that plain values stand where they say."""
    nodes: list[Node] = [root]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        assert (1, 1) <= node.start <= node.end
        assert node.end.line <= len(lines)
        assert node.end.column <= len(lines[node.end.line - 1]) + 1
        if isinstance(node, Scalar):
            if node.style == "plain" and node.start.line == node.end.line:
                line = lines[node.start.line - 1]
                assert line[node.start.column - 1 : node.end.column - 1] == node.text
        elif isinstance(node, Sequence):
            nodes.extend(node.items)
        else:
            nodes.extend(part for pair in node.pairs for part in pair)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the data with one to four pieces replaced, removed, doubled, moved or inserted."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        until = min(len(data), at + chance.choice((1, 1, 1, 2, 8, 60)))
        piece = data[at:until]
        new = chance.choice(
            (
                bytes([chance.randrange(256)]),
                b"",
                piece * 2,
                piece[::-1],
                chance.choice(FRAGMENTS),
                chance.choice(FRAGMENTS) + piece,
            )
        )
        data = data[:at] + new + data[until:]
    return data


def survives(rounds: int, seed: int) -> set[ProblemCode]:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    codes: set[ProblemCode] = set()
    for number in range(rounds):
        data = mutate(CONTRACT.encode(), chance)
        began = time.perf_counter()
        document = read_text(data, "f")
        took = time.perf_counter() - began
        assert took < 1, (seed, number)
        check(document)
        codes.update(problem.code for problem in document.problems)
    return codes


def test_the_contract_itself_is_sound() -> None:
    document = read_text(CONTRACT, "f")
    assert document.problems == ()
    check(document)


def test_a_thousand_mutations_never_raise_and_are_never_slow() -> None:
    assert len(survives(1000, seed=20260301)) >= 10  # the mutations do reach different faults


@pytest.mark.soak
def test_twenty_thousand_mutations_never_raise_and_are_never_slow() -> None:
    survives(20_000, seed=time.time_ns())


def test_the_contract_cut_anywhere_never_raises() -> None:
    data = CONTRACT.encode()
    for length in range(0, len(data), 3):
        check(read_text(data[:length], "f"))


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes(data: bytes) -> None:
    check(read_text(data, "f"))


@given(
    st.text(
        st.sampled_from("ab1 \n\t:-?,[]{}#&*!|>'\"%@\\.~<=é\u2028\r\ufeff"),
        max_size=60,
    )
)
@settings(max_examples=300, deadline=None)
@example("a: &a\n- *a")
@example("? |\n  x\n: y")
@example("- &a\n- !!str")
@example('"\\\n"')
@example("&1:1")
@example("a: ?x\n- ?")
def test_any_text_of_yaml_characters(text: str) -> None:
    check(read_text(text, "f"))


WORDS = st.one_of(
    st.text(max_size=20).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
    st.sampled_from(
        [
            "no",
            "012",
            "1e-5",
            "1:30",
            "~",
            "",
            " x ",
            "- a",
            "a: b",
            "# c",
            "|x|",
            "<<",
            "=",
            "é\n\n",
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.just(1e-7)
)
DATA = st.recursive(
    st.one_of(WORDS, NUMBERS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)
MODEL = st.dictionaries(WORDS, DATA, min_size=1, max_size=4)

READER_REFUSES = set("\0\u2028\u2029\x85\ufeff\ufffe\uffff") | {chr(c) for c in range(0x7F, 0xA0)}


def texts(data: object) -> Iterator[str]:
    """Yield every text of plain data, keys included."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from texts(value)
    elif isinstance(data, list):
        for item in data:
            yield from texts(item)


def refused(data: object) -> bool:
    """Tell whether a text holds a character that we refuse by decision."""
    return any(not READER_REFUSES.isdisjoint(text) for text in texts(data))


def equal(ours: object, theirs: object) -> bool:
    """Compare with types: 1, 1.0 and true are three values."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(equal(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(equal, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float) and math.isnan(theirs):
        return math.isnan(ours)
    return type(ours) is type(theirs) and ours == theirs


@given(MODEL, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_data_dumped_by_ruamel_is_read_back(
    data: dict[str, object], wide: bool, flow: bool
) -> None:
    # libyaml does not read a plain text like :a, ?a or a:?b between brackets; that is an error with
    # a place, never other data.
    assume(not (flow and any(text[:1] in {":", "?"} or ":?" in text for text in texts(data))))
    dumper = YAML(typ="safe", pure=True)
    dumper.version = (1, 2)
    dumper.width = 4096 if wide else 30
    dumper.default_flow_style = flow
    stream = io.StringIO()
    dumper.dump(data, stream)
    document = read_text(stream.getvalue(), "f")
    if document.problems:
        assert refused(data), document.problems
        return
    assert isinstance(document.root, Mapping)
    if not equal(to_plain(document.root), data):  # its folding of long keys can lose data
        assert equal(to_plain(document.root), dumper.load(stream.getvalue()))


TEXT_DATA = st.recursive(
    WORDS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, TEXT_DATA, min_size=1, max_size=4), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_texts_dumped_by_pyyaml_in_quotes_are_read_back(
    data: dict[str, object], flow: bool, ascii_only: bool
) -> None:
    # PyYAML writes YAML 1.1, where "1e-5" and "012" need no quotes; all texts get them here.
    dumped = yaml.safe_dump(
        data,
        default_style='"',
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=not ascii_only,
    )
    document = read_text(dumped, "f")
    if document.problems:
        assert refused(data), document.problems
        return
    assert document.root is not None
    assert equal(to_plain(document.root), data)
