"""Plain scalars of YAML 1.2, by table and against an independent reader."""

import math

import pytest
from ruamel.yaml import YAML

from pv.yamlfile.nodes import Mapping, Scalar, ScalarValue, to_plain
from pv.yamlfile.read import read_text
from pv.yamlfile.scalars import TooManyDigitsError, resolve_plain

INF = float("inf")

CORE: list[tuple[str, ScalarValue]] = [
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("~", None),
    ("nULL", "nULL"),
    ("none", "none"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ("tRUE", "tRUE"),
    *((word, word) for word in ("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On")),
    ("0", 0),
    ("-0", 0),
    ("+12", 12),
    ("-19", -19),
    ("012", 12),
    ("0o14", 12),
    ("0o8", "0o8"),
    ("-0o14", "-0o14"),
    ("0O14", "0O14"),
    ("0xC", 12),
    ("0xfF", 255),
    ("0xg", "0xg"),
    ("0x", "0x"),
    ("+0xC", "+0xC"),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("1:30:00", "1:30:00"),
    ("0.", 0.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("1.0", 1.0),
    ("+1.25", 1.25),
    ("1e-5", 1e-5),
    ("1E5", 1e5),
    ("1e+05", 1e5),
    ("-1.5e3", -1500.0),
    (".1e1", 1.0),
    ("12.e2", 1200.0),
    ("1e", "1e"),
    ("e5", "e5"),
    (".", "."),
    ("-", "-"),
    ("+", "+"),
    ("..", ".."),
    (".e5", ".e5"),
    ("1.2.3", "1.2.3"),
    ("1e400", INF),
    ("-1e400", -INF),
    (".inf", INF),
    (".Inf", INF),
    ("+.INF", INF),
    ("-.inf", -INF),
    ("inf", "inf"),
    ("nan", "nan"),
    ("Infinity", "Infinity"),
    ("2024-05-06", "2024-05-06"),
    ("2024-99-99", "2024-99-99"),
    ("2024-05-06T10:00:00Z", "2024-05-06T10:00:00Z"),
    ("=", "="),
    ("<<", "<<"),
    ("v1", "v1"),
    ("1 2", "1 2"),
    ("١٢", "١٢"),
    ("1²", "1²"),
    ("0x１", "0x１"),
    ("1,5", "1,5"),
    ("≤ 1", "≤ 1"),
]


@pytest.mark.parametrize(("text", "value"), CORE, ids=[row[0] for row in CORE])
def test_core_schema(text: str, value: ScalarValue) -> None:
    found = resolve_plain(text)
    assert (type(found), found) == (type(value), value)


def test_absent_value_is_null() -> None:
    assert resolve_plain("") is None


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text: str) -> None:
    found = resolve_plain(text)
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize("text", ["9" * 4301, "-" + "9" * 4300, "0x" + "f" * 3571 + "f"])
def test_integer_that_python_could_not_print_is_refused(text: str) -> None:
    with pytest.raises(TooManyDigitsError):
        resolve_plain(text)


def test_longest_integer_can_be_printed() -> None:
    for text in ("9" * 4300, "0x" + "f" * 3500, "0o" + "7" * 4200):
        assert len(str(resolve_plain(text))) <= 4300


def test_quoted_scalars_and_blocks_are_text() -> None:
    text = "a: '1'\nb: \"true\"\nc: |\n  1\nd: >-\n  null\ne: ''\n"
    root = read_text(text, "f").root
    assert isinstance(root, Mapping)
    styles = [pair.value.style for pair in root.pairs if isinstance(pair.value, Scalar)]
    assert styles == ["single", "double", "literal", "folded", "single"]
    assert to_plain(root) == {"a": "1", "b": "true", "c": "1\n", "d": "null", "e": ""}


SNIPPETS = [
    "a: 1\nb: [1, 2.5, x]\nc: {d: null, e: ~, f: }\n",
    "- - 1\n  - 2\n-\n  - 3\n- - - x\n",
    "a: |\n  one\n\n  two\n    three\nb: >\n  one\n  two\n\n  three\n   four\n  five\n",
    "a: |-\n  x\n\nb: |+\n  x\n\nc: |2\n    x\nd: >-\n  x\n  y\n",
    "a: |\n\n  x\n # not in it\nb: >+\n  z\n\n\n",
    "a: plain over\n  two lines\n\n  and a third\nb: 'single\n  it''s\n\n  done'\n",
    'a: "esc \\t \\" \\\\ \\/ \\u00e9 \\U0001F600 \\x41 \\N \\_ \\L \\P"\n',
    'a: "folded\n  line \\\n  joined\n\n  end"\n',
    "a: é # comment\n'b': 日本 # x\n? c\n: d\n",
    "a: x#y\nb: x #y\nc: 'x # y'\nd: http://x.y:80/z\ne: a:b\n",
    "[a, 'b', \"c\", d: e, {f: g}]\n",
    '{"a":1, b: 2, c, "d": }\n',
    "a: &x [1, 2]\nb: *x\nc: &y v\nd: [*y, *x]\n",
    "---\na: 1\n...\n",
    "%YAML 1.2\n---\na: no\nb: 0o17\n",
    "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\nc: 'p\r\n  q'\r\n",
    "tolerance: 1e-5\nlimit: 1.0e-5\nn: -3\nversion: 1.0.0\nshort: 1.0\n",
    "a: -1\nb: - x\n".replace("- x", "-x"),
    "key with blanks: v\n'': empty\n\"q\": 1\n",
    "a:\n- 1\n- 2\nb:\n  - 3\n",
    "- a: 1\n  b: 2\n- c: 3\n",
    "a: [\n  1,\n  2,\n]\nb: {\n  c: 1,\n}\n",
    "a: |x\n".replace("|x", "'|x| = y'"),
    "a: ?x\nb: -x\nc: :x\n",
    "a: x: \n".replace("x: ", "x:y"),
    "true\n",
    "just text\nover lines\n",
    "a: '\u00a0 \u202e'\nb: \U0001f600\n",
]


@pytest.mark.parametrize("text", SNIPPETS)
def test_same_data_as_an_independent_reader(text: str) -> None:
    document = read_text(text, "f")
    assert document.problems == ()
    assert document.root is not None
    expected = YAML(typ="safe", pure=True).load(text)
    assert to_plain(document.root) == expected


def test_tabs_may_separate() -> None:
    root = read_text("a:\t1 \t# c\nb: x\ty\n", "f").root
    assert root is not None
    assert to_plain(root) == {"a": 1, "b": "x\ty"}


DIFFERENT = [
    ("a: 1_000", "1_000", 1000),
    ("a: 0b11", "0b11", 3),
    ("a: -0o14", "-0o14", -12),
]


@pytest.mark.parametrize(("text", "ours", "theirs"), DIFFERENT)
def test_known_differences_follow_the_specification(text: str, ours: object, theirs: int) -> None:
    root = read_text(text, "f").root
    assert root is not None
    assert to_plain(root) == {"a": ours}
    assert YAML(typ="safe", pure=True).load(text) == {"a": theirs}
