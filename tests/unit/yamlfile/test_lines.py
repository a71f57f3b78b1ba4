"""Reading line by line: what is read so is what libyaml and the builder read, to the last blank."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from pv.yamlfile.lines import LONGEST, read_lines
from pv.yamlfile.plain import read_plain
from pv.yamlfile.read import read_text
from tests.bench.contract_tree import contract_text

READ = {
    "words": "a: b c\nd: e\n",
    "values": "a: 1\nb: 1.5\nc: ~\nd: 12\ne: -5\nf: 'x'\ng: \"~\"\nh: 2026-01-01\ni: no\nj: .5\n",
    "nothing": "a: false\nb: 0.0\nc: 0\nd: -0.0\n",
    "escapes of quotes": "a: \"say \\\"x\\\" and \\\\\"\nb: 'it''s'\n",
    "escapes of blanks": 'a: "b\\nc\\t\\\\n \\\\\\n"\nd: ["\\n", "e\\tf"]\ng: { h: "\\n\\n" }\n',
    "comments": "# first\na: b  # behind\n\n  # indented\nc: d#e\n",
    "nested": "a:\n  b:\n    c: d\n  e: f\ng: h\n",
    "list": "a:\n  - b\n  - c: d\n    e: f\n  -   g: h\n      i: j\n",
    "list at the indent of its key": "a:\n- b\n- c: d\n  e:\n  - f\ng: h\n",
    "nothing behind keys": "a:\nb:\n  - c:\n  - d:\n    e:\n",
    "literal": "a: |\n  x\n   y\n\n  z\n\nb: |-\n  x\n\n",
    "folded": "a: >\n  x\n  y\n\n\n  z\nb: >-\n  x \n  y\n",
    "block in a list": "a:\n  - |\n    x\n  - b: |\n      y\n    c: z\n",
    "line of the block that looks like another": "a: |\n  # x\n  - y\n  b: z\n# out\nc: d\n",
    "flow": "a: [b, \"c, d\", 'e', 1, -2, [f, {g: h}]]\ni: {j: k, l: [m], n o: p}\n",
    "empty in flow": "q: [ ]\nr: { }\ns: []\n",
    "list at the end of a mapping": 'a: { b: 1.0.0, c: 2026-01-01, d: ["e, f", "g: h"] }\n',
    "numbers and words in flow": 'a: [1e-5, true, x-y, x.y]\nb: { c: 1e-5, d: "e", f: no }\n',
    "commas and colons in quotes": 'a: ["b, c", "d: e"]\nb: { c: "d: e, f: g" }\n',
    "equal lines in several places": "a:\n  b: 1\nc:\n  b: 1\n  d: true\ne: true\n",
    "signs inside": "a: x > 0 && y | z\nb: f(x)[0]\nc: http://x.y/z?q#r\n",
    "integers of other bases": "a: [0xff, 0o17]\nb: 0x00\n",
    "letters beyond ASCII": "a: x ≤ 1 — σ\nb: [≤1, é]\nc: \u00a0x\n",
}
LEFT = {
    "no line end": "a: b",
    "tab": "a: b\tc\n",
    "carriage return": "a: b\r\n",
    "too long": f"a: {'x' * LONGEST}\n",
    "too many bytes": f"a: {'é' * 140_000}\n",
    "start of a document": "---\na: b\n",
    "line that goes on": "a: b\n  c\n",
    "quotes that go on": 'a: "b\n  c"\n',
    "brackets that go on": "a: [b,\n  c]\n",
    "integer in another spelling": "a: 012\n",
    "signed integer": "a: +1\n",
    "number rounded to zero": "a: 1e-400\n",
    "integer below zero that is none": "a: -0\n",
    "other escapes": 'a: "\\x41"\n',
    "escape of a line's end": 'a: "b\\\n  c"\n',
    "escape of no letter": 'a: "\\q"\n',
    "anchor": "a: &b c\n",
    "alias": "a: *b\n",
    "tag": "a: !b c\n",
    "quoted key": '"a": b\n',
    "number as key": "1: b\n",
    "boolean as key": "true: b\n",
    "merge key": "<<: b\n",
    "double key": "a: b\na: c\n",
    "double key in flow": "a: {b: c, b: d}\n",
    "colon in a text": "a: b: c\n",
    "colon at the end": "a: b:\n",
    "list in a line": "a: - b\n",
    "list in a list": "a:\n  - - b\n",
    "lone dash": "a:\n  -\n    b: c\n",
    "dash and blank": "a:\n  - \n    b: c\n",
    "list that is the root": "- a\n",
    "text that is the root": "a\n",
    "indent that fits nothing": "a:\n    b: c\n  d: e\n",
    "value and more below": "a: b\n  c: d\n",
    "item where keys stand": "a: b\n- c\n",
    "key where items stand": "a:\n  - b\n  c: d\n",
    "block with a figure": "a: |2\n    x\n",
    "block that keeps its end": "a: |+\n  x\n\n",
    "empty block": "a: |\nb: c\n",
    "block that begins with a blank line": "a: |\n\n  x\n",
    "blanks in a block": "a: |\n  x\n     \n  y\n",
    "folded block with a step": "a: >\n  x\n   y\n",
    "colon without blank in flow": "a: {b:c}\n",
    "pair in a list": "a: [b: c]\n",
    "key alone in flow": "a: {b}\n",
    "comma at the end": "a: [b,]\n",
    "comma and blank at the end": "a: [b, ]\n",
    "comma at the start": "a: [, b]\n",
    "comma at the start of a mapping": "a: {, b: c}\n",
    "open bracket": "a: [b, [c]\n",
    "too many brackets": "a: [b]]\n",
    "deep brackets": f"a: {'[' * 20}{']' * 20}\n",
    "only comments": "# a\n",
}
PARTS = (
    *("v", "text more", '"w"', '"a: #b"', "'it''s'", "7", "1.50", "~", "x > 0 && y", "50%", "a, b"),
    *("a - b", "- a", "1_000", "..", "a\\", "[a, 'b']", '["a", "b"]', '["a","b"]', "[a - b]"),
    *('"a\\nb"', '"\\\\n"', '"a \\"\\t"', '["\\n", a]', '"\\x"'),
    *("{k: v, l: 2}", "{a:b}", "{a: b:c}", "{a}", "[a:b]", "[a #b]", "{a: [b, {c: d}]}", "x:"),
    *(
        "a:b:c",
        "é≤",
        "-x",
        "-",
        "-5 x",
        "+5",
        "`x`",
        "=x",
        ">=1",
        "|",
        ">",
        "|-",
        ">-",
        "|2",
        "&a b",
    ),
    *(
        "*a",
        "!t b",
        "a #b",
        "a#b",
        '"',
        "'",
        "[",
        "]",
        "{",
        "? x",
        "a?",
        "[a?]",
        "it's",
        '"a" b',
        "",
    ),
)


@pytest.mark.parametrize("name", READ)
def test_plain_lines_are_read_as_by_libyaml(name):
    found = read_lines(READ[name])
    assert found is not None
    assert repr(found) == repr(read_plain(READ[name]))


@pytest.mark.parametrize("name", LEFT)
def test_other_lines_are_left_to_libyaml(name):
    assert read_lines(LEFT[name]) is None


def test_generated_contracts_are_read_line_by_line():
    for number in range(20):
        text = contract_text(number)
        assert repr(read_lines(text)) == repr(read_plain(text))


def made_up(rng: random.Random) -> str:
    """Return lines that fit together more or less."""
    lines: list[str] = []
    indent = 0
    for _ in range(rng.randrange(1, 10)):
        key, value = rng.choice("abcdefgh"), rng.choice(PARTS if rng.random() < 0.4 else PARTS[:4])
        form = rng.choice((f"{key}: {value}",) * 4 + (f"{key}:", f"- {key}: {value}", f"- {value}"))
        lines.append(" " * indent + form)
        if form.endswith(("|", ">", "-")):
            below = (" " * (indent + 2) + "x", "", " " * (indent + 2) + "# y", "  ", "# z")
            lines += [rng.choice(below) for _ in range(rng.randrange(1, 4))]
        elif form.endswith(":"):
            indent += rng.choice((2, 2, 2, 0, 1))
        elif form.startswith("- ") and ":" in form:
            indent += rng.choice((0, 2, 2))
        elif rng.random() < 0.3:
            indent = max(0, indent - rng.choice((1, 2, 2, 4)))
    return "\n".join(lines) + rng.choice(("\n", "\n", "\n\n", "\n# end\n", ""))


def test_lines_that_fit_more_or_less_are_read_as_by_libyaml():
    rng = random.Random(3)  # noqa: S311 - test data, not a secret
    read = 0
    for _ in range(8_000):
        text = made_up(rng)
        found = read_lines(text)
        if found is not None:
            read += 1
            assert repr(found) == repr(read_plain(text)), text
    assert read > 800


def test_a_plain_contract_is_judged_without_libyaml():
    program = (
        "import sys; from pv.yamlfile.judge import judge_file; from pathlib import Path\n"
        "found = judge_file(Path('contracts/trace-ffn-sub-block-gguf-v1.yaml'), 'x')\n"
        "assert found.contract.falsifiers and not found.findings\n"
        "assert 'yaml' not in sys.modules\n"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "spelt"),
    [("a: 12\n", True), ("a: 0x0c\n", False), ("a: {b: 0o14}\n", False), ("a:\n  12\n", False)],
)
def test_integers_are_relied_on_only_as_python_writes_them(text, spelt):
    document = read_text(text, "a.yaml")
    assert document.sound
    assert document.spelt is spelt


@pytest.mark.parametrize("zero", ["0", "0.0", "-0.00", "0x0", "1e-400", "0e7", ".0"])
@pytest.mark.parametrize("form", ["a: {zero}\n", "a:\n  {zero}\n", "? a\n: {zero}\n"])
def test_a_document_that_vouches_for_its_zeros_has_no_other_digits_in_them(form, zero):
    document = read_text(form.format(zero=zero), "a.yaml")
    assert document.plain == {"a": 0}
    assert not document.zeros or not set(zero) & set("123456789e")
