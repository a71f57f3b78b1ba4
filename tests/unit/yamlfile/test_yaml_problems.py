"""Every fault of a text: which code, where, and what the message says."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from pv.marks import Mark, Span
from pv.yamlfile.intake import MAX_FILE
from pv.yamlfile.problems import Problem, ProblemCode
from pv.yamlfile.read import read_file, read_text

C = ProblemCode
RECOVERABLE = {C.EXPLICIT_TAG, C.DUPLICATE_KEY, C.KEY_NOT_TEXT, C.MERGE_KEY, C.NUMBER_TOO_LONG}


def laughs() -> str:
    """Nine lines that stand for some 10^9 nodes."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for above, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(['*' + above] * 9)}]")
    return "\n".join(lines)


def alias_chain(links: int) -> str:
    """Anchors that hold each other, each nine levels deeper."""
    inner = ["x", *(f"*a{i}" for i in range(links))]
    return "".join(f"a{i}: &a{i} {'[' * 9}{item}{']' * 9}\n" for i, item in enumerate(inner))


TEXTS: list[tuple[str, str | bytes, ProblemCode, int, int, str]] = [
    # depth and size
    ("2000 brackets", "[" * 2000, C.TOO_DEEP, 1, 65, "more than 64 collections"),
    ("100000 brackets", "[" * 100_000, C.TOO_DEEP, 1, 65, "more than 64 collections"),
    ("100000 braces", "{a: " * 100_000, C.TOO_DEEP, 1, 257, "more than 64 collections"),
    ("100000 dashes", "- " * 100_000, C.TOO_DEEP, 1, 129, "more than 64 collections"),
    ("100000 question marks", "? " * 100_000, C.TOO_DEEP, 1, 129, "more than 64 collections"),
    (
        "1400 nested mappings",
        "".join(" " * i + "k:\n" for i in range(1400)),
        C.TOO_DEEP,
        65,
        65,
        "more than 64 collections",
    ),
    (
        "100000 keys",
        "".join(f"k{i}: v\n" for i in range(100_000)),
        C.TOO_MANY_NODES,
        50_000,
        9,
        "more than 100,000 nodes",
    ),
    ("million items", "-\n" * 1_000_000, C.TOO_MANY_NODES, 100_000, 2, "more than 100,000 nodes"),
    ("scalar of 5 MB", "a: " + "x" * 5_000_000, C.FILE_TOO_LARGE, 1, 1, "5,000,003 bytes"),
    ("scalar of 300 kB", "a: " + "x" * 300_000, C.SCALAR_TOO_LONG, 1, 4, "300,000 bytes"),
    ("wide scalar", "a: " + "é" * 150_000, C.SCALAR_TOO_LONG, 1, 4, "300,000 bytes"),
    ("long key", "k" * 1100 + ": 1", C.SYNTAX, 1, 1101, "expected a value, found another key"),
    # aliases
    ("billion laughs", laughs(), C.ALIAS_EXPANSION, 4, 8, "more than 10 times"),
    ("alias depth", alias_chain(7), C.TOO_DEEP, 8, 18, "more than 64 collections"),
    (
        "101 aliases",
        "a: &a x\nb:\n" + "  - *a\n" * 101,
        C.TOO_MANY_ALIASES,
        103,
        5,
        "more than 100 aliases",
    ),
    ("alias of nothing", "a: *b", C.UNDEFINED_ALIAS, 1, 4, "*b has no anchor"),
    ("alias before its anchor", "a: *b\nb: &b 1", C.UNDEFINED_ALIAS, 1, 4, "*b has no anchor"),
    ("recursive list", "&a [*a]", C.RECURSIVE_ALIAS, 1, 5, "*a stands inside its own"),
    ("recursive mapping", "a: &a\n  - b: *a", C.RECURSIVE_ALIAS, 2, 8, "*a stands inside"),
    # numbers
    ("10000 digits", "a: " + "1" * 10_000, C.NUMBER_TOO_LONG, 1, 4, "more than 4,300 digits"),
    ("4301 digits", "a: -" + "1" * 4300, C.NUMBER_TOO_LONG, 1, 4, "more than 4,300 digits"),
    ("hex digits", "a: 0x" + "f" * 100_000, C.NUMBER_TOO_LONG, 1, 4, "more than 4,300"),
    ("hex value", "a: 0x" + "f" * 4000, C.NUMBER_TOO_LONG, 1, 4, "more than 4,300"),
    # tags
    ("python tag", "a: !!python/object/apply:os.system [x]", C.EXPLICIT_TAG, 1, 4, "!!python"),
    ("unknown tag", "a:\n  - !foo b", C.EXPLICIT_TAG, 2, 5, '"!foo"'),
    ("standard tag", "a: !!str 1", C.EXPLICIT_TAG, 1, 4, '"!!str"'),
    ("bare tag", "a: ! 1", C.EXPLICIT_TAG, 1, 4, '"!"'),
    ("tag handle", "a: !e!x 1", C.SYNTAX, 1, 4, "unknown handle"),
    ("tagged key", "!!str a: 1", C.EXPLICIT_TAG, 1, 1, '"!!str"'),
    # keys
    ("duplicate key", "a: 1\nb: 2\na: 3", C.DUPLICATE_KEY, 3, 1, "first at line 1, column 1"),
    ("duplicate, quoted", "x:\n  é: 1\n  'é': 2", C.DUPLICATE_KEY, 3, 3, "line 2, column 3"),
    ("duplicate in braces", "{a: 1, b: 2, a: 3}", C.DUPLICATE_KEY, 1, 14, "line 1, column 2"),
    ("merge key", "a: &a {x: 1}\nb:\n  <<: *a", C.MERGE_KEY, 3, 3, "merge key <<"),
    ("list as key", "? [a]\n: b", C.KEY_NOT_TEXT, 1, 3, "found a list"),
    ("mapping as key", "{a: b}: c", C.KEY_NOT_TEXT, 1, 1, "found a mapping"),
    ("null as key", "~: b", C.KEY_NOT_TEXT, 1, 1, '"~", null'),
    ("no key", "a: 1\n: b", C.SYNTAX, 2, 1, "expected a key"),
    ("no key in braces", "{: b}", C.SYNTAX, 1, 2, "expected a value"),
    ("absent key", "? \n: b", C.KEY_NOT_TEXT, 1, 2, "found nothing"),
    ("number as key", "a: 1\n2: b", C.KEY_NOT_TEXT, 2, 1, '"2", a number'),
    ("float as key", "1.13: b", C.KEY_NOT_TEXT, 1, 1, '"1.13", a number'),
    ("boolean as key", "true: b", C.KEY_NOT_TEXT, 1, 1, '"true", a boolean'),
    # characters and encoding
    ("NUL", "a: b\0c", C.CONTROL_CHARACTER, 1, 5, "NUL (U+0000) at character offset 4"),
    ("NUL escape", 'a: "\\0"', C.CONTROL_CHARACTER, 1, 4, "NUL (U+0000) as an escape"),
    ("vertical tab", "a: 1\nb: \x0b", C.CONTROL_CHARACTER, 2, 4, "U+000B"),
    ("raw ESC", "a: \x1b[2J", C.CONTROL_CHARACTER, 1, 4, "U+001B"),
    ("C1 control", "é: \x9b", C.CONTROL_CHARACTER, 1, 4, "U+009B"),
    ("BOM inside", "\ufeffa: \ufeffb", C.CONTROL_CHARACTER, 1, 4, "U+FEFF"),
    ("noncharacter", "a: \uffff", C.CONTROL_CHARACTER, 1, 4, "U+FFFF"),
    ("invalid UTF-8", b"a: 1\nb: \xff", C.INVALID_UTF8, 2, 4, "0xff at byte offset 8"),
    ("after a wide letter", "é: ".encode() + b"\xff", C.INVALID_UTF8, 1, 4, "byte offset 4"),
    ("after a BOM", b"\xef\xbb\xbfa: \xff", C.INVALID_UTF8, 1, 4, "byte offset 6"),
    ("cut UTF-8", b"a: \xe2\x82", C.INVALID_UTF8, 1, 4, "0xe2 at byte offset 3"),
    ("overlong UTF-8", b"a: \xc0\xaf", C.INVALID_UTF8, 1, 4, "0xc0 at byte offset 3"),
    ("UTF-8 surrogate", b"a: \xed\xa0\x80", C.INVALID_UTF8, 1, 4, "0xed at byte offset 3"),
    ("lone surrogate", "a: \ud800", C.INVALID_UTF8, 1, 4, "0xed at byte offset 3"),
    ("UTF-16", "a: 1".encode("utf-16"), C.WIDE_ENCODING, 1, 1, "found UTF-16"),
    ("UTF-16-LE", "a: 1".encode("utf-16-le"), C.WIDE_ENCODING, 1, 1, "found UTF-16"),
    ("UTF-16-BE", "a: 1".encode("utf-16-be"), C.WIDE_ENCODING, 1, 1, "found UTF-16"),
    ("UTF-32-BE", "a: 1".encode("utf-32-be"), C.WIDE_ENCODING, 1, 1, "UTF-32"),
    ("zeros", b"\0" * 512, C.CONTROL_CHARACTER, 1, 1, "NUL"),
    ("lone CR", "a: 1\rb: 2", C.LINE_BREAK, 1, 5, "a lone CR (U+000D)"),
    ("CR after CRLF", "a: 1\r\nb: 2\r", C.LINE_BREAK, 2, 5, "a lone CR (U+000D)"),
    ("NEL", "a: x\x85y", C.LINE_BREAK, 1, 5, "NEL (U+0085)"),
    ("line separator", "a: x\u2028y", C.LINE_BREAK, 1, 5, "LINE SEPARATOR (U+2028)"),
    ("paragraph separator", "a: x\u2029y", C.LINE_BREAK, 1, 5, "SEPARATOR (U+2029)"),
    ("surrogate escape", 'a: "\\ud800"', C.BAD_ESCAPE, 1, 7, "half a character"),
    ("surrogate pair", 'a: "\\ud83d\\ude00"', C.BAD_ESCAPE, 1, 7, "half a character"),
    ("unknown escape", 'a: "é \\q"', C.BAD_ESCAPE, 1, 7, "unknown escape"),
    ("short escape", 'a: "\\x4"', C.BAD_ESCAPE, 1, 7, "hexadecimal"),
    # layout
    ("tab indent", "a:\n\tb: 1", C.TAB_INDENT, 2, 1, "a tab in the indentation"),
    ("tab after a value", "a:\n  b: 1\n\tc: 2", C.TAB_INDENT, 3, 1, "a tab in the indentation"),
    ("two documents", "a: 1\n---\nb: 2", C.SEVERAL_DOCUMENTS, 2, 1, "second document"),
    ("empty document first", "---\n---\na: 1", C.SEVERAL_DOCUMENTS, 2, 1, "second document"),
    ("after the end", "a: 1\n...\nb: 2", C.SYNTAX, 3, 1, "expected the end of the file"),
    ("%YAML 9.9", "%YAML 9.9\n---\na: 1", C.YAML_VERSION, 1, 1, "expected %YAML 1.2"),
    ("%YAML 1.0", "%YAML 1.0\n---\na: 1", C.YAML_VERSION, 1, 1, "expected %YAML 1.2"),
    ("%YAML 1.3", "%YAML 1.3\n---\na: 1", C.YAML_VERSION, 1, 1, "expected %YAML 1.2"),
    ("unknown directive", "%FOO\n---\na: 1", C.SYNTAX, 1, 1, "unknown directive"),
    ("empty", "", C.EMPTY, 1, 1, "nothing but blanks and comments"),
    ("blanks", "\n  \n", C.EMPTY, 1, 1, "nothing but blanks and comments"),
    ("comments", "# x\n\n# y\n", C.EMPTY, 1, 1, "nothing but blanks and comments"),
    ("marker only", "---\n", C.EMPTY, 1, 1, "nothing but blanks and comments"),
    ("BOM only", "\ufeff", C.EMPTY, 1, 1, "nothing but blanks and comments"),
    # what people write
    ("formula with bars", "a: |x| = y", C.SYNTAX, 1, 4, "after a block indicator"),
    ("colon in a sentence", "a:\n  - x: y: z", C.SYNTAX, 2, 9, "found another key"),
    ("entry without dash", "a:\n  - b\n  c", C.SYNTAX, 3, 3, "expected a colon"),
    ("key without dash", "a:\n  - b: 1\n  c: 2", C.SYNTAX, 3, 3, "starting with a dash"),
    ("list beside a key", "a: - b", C.SYNTAX, 1, 4, "a list may not start here"),
    ("open double quote", 'é: "x\nb: 1\n', C.SYNTAX, 1, 4, "quotes are never closed"),
    ("quote over the end", "a: 'x\n---\nb: 1", C.SYNTAX, 1, 4, "quotes are never closed"),
    ("open bracket", "a: [1, 2\nb: 3\n", C.SYNTAX, 1, 4, "a bracket is never closed"),
    ("two commas", "a: [1,,2]", C.SYNTAX, 1, 7, "expected a value, found a bracket or comma"),
    ("line without colon", "a: 1\nbcd\ne: 2", C.SYNTAX, 2, 1, "expected a colon after"),
    ("at sign", "a: é\nb: @b", C.SYNTAX, 2, 4, "no value may start with @"),
    ("backtick", "a: `b`", C.SYNTAX, 1, 4, "no value may start with `"),
    ("question in brackets", "a: [x, ?y]", C.SYNTAX, 1, 8, "readers disagree"),
    ("question in braces", "a: {?y : 1}", C.SYNTAX, 1, 5, "readers disagree"),
    ("colon in brackets", "a: [b:, c]", C.SYNTAX, 1, 6, "found a colon inside a text"),
    ("alias and colon", "a: &x k\n*x: 1", C.SYNTAX, 2, 1, "the name *x ends"),
    ("anchor and colon", "a: &x:y k", C.SYNTAX, 1, 4, "the name &x ends"),
    ("less indented", "a:\n    b: 1\n  c: 2", C.SYNTAX, 3, 3, "indentation of its neighbours"),
]


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "fragment"),
    [row[1:] for row in TEXTS],
    ids=[row[0] for row in TEXTS],
)
def test_fault_has_code_place_and_message(
    text: str | bytes, code: ProblemCode, line: int, column: int, fragment: str
) -> None:
    began = time.perf_counter()
    document = read_text(text, "dir/f.yaml")
    assert time.perf_counter() - began < 5
    assert [problem.code for problem in document.problems] == [code]
    problem = document.problems[0]
    assert (problem.span.file, problem.span.start) == ("dir/f.yaml", Mark(line, column))
    assert problem.span.end >= problem.span.start
    assert fragment in problem.message
    assert problem.message[0] not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert not problem.message.endswith(".")
    assert problem.advice
    assert (document.root is not None) == (code in RECOVERABLE)
    assert not document.sound


def test_every_code_that_a_text_can_have_is_in_the_table() -> None:
    elsewhere = {
        C.MISSING,
        C.NOT_A_FILE,
        C.LINK_LOOP,
        C.UNREADABLE,
        C.CHANGED,
        C.TOO_MANY_PROBLEMS,
    }
    assert {row[2] for row in TEXTS} == set(ProblemCode) - elsewhere


def test_both_places_of_a_duplicate_key_are_named() -> None:
    document = read_text("a:\n  key: 1\n  key: 2\n", "f")
    assert document.problems == (
        Problem(
            ProblemCode.DUPLICATE_KEY,
            'key "key" stands twice; first at line 2, column 3',
            Span("f", Mark(3, 3), Mark(3, 6)),
            "remove one of the two",
            Span("f", Mark(2, 3), Mark(2, 3)),
        ),
    )


def test_recoverable_faults_are_all_reported_in_the_order_of_the_text() -> None:
    document = read_text("a: !t 1\n2: x\n<<: {}\na: 3\nb: " + "9" * 5000 + "\n[k]: v\n", "f")
    assert [(problem.code, problem.span.start.line) for problem in document.problems] == [
        (C.EXPLICIT_TAG, 1),
        (C.KEY_NOT_TEXT, 2),
        (C.MERGE_KEY, 3),
        (C.DUPLICATE_KEY, 4),
        (C.NUMBER_TOO_LONG, 5),
        (C.KEY_NOT_TEXT, 6),
    ]
    assert document.root is not None


def test_a_fatal_fault_after_recoverable_ones_is_the_last() -> None:
    document = read_text("a: 1\na: 2\nb: @", "f")
    assert [problem.code for problem in document.problems] == [C.DUPLICATE_KEY, C.SYNTAX]
    assert document.root is None


def test_faults_without_end_stop_the_reading() -> None:
    document = read_text("a: 1\n" * 5000, "f")
    codes = [problem.code for problem in document.problems]
    assert codes == [C.DUPLICATE_KEY] * 100 + [C.TOO_MANY_PROBLEMS]
    assert document.problems[-1].span.start == Mark(102, 1)
    assert document.root is None


def test_limits_are_met_exactly() -> None:
    for text in (
        "[" * 64 + "]" * 64,
        "a: &a x\nb: [" + ", ".join(["*a"] * 100) + "]",
        "a: " + "1" * 4300,
        "a: 0x" + "f" * 3500,
        "a: " + "x" * (256 * 1024),
        "a: &a [1, 2, 3]\nb: [*a, *a, *a, *a, *a]",
        alias_chain(6),
        "- x\n" * 99_999,
    ):
        assert read_text(text, "f").problems == (), text[:40]
    assert read_text("[" * 65 + "]" * 65, "f").problems[0].code is C.TOO_DEEP
    assert read_text(alias_chain(7), "f").problems[0].code is C.TOO_DEEP
    assert read_text("- x\n" * 100_000, "f").problems[0].code is C.TOO_MANY_NODES


def test_message_never_carries_raw_control_characters() -> None:
    document = read_text('"\\e[2J\u202e": 1\n"\\e[2J\u202e": 2\n', "f")
    assert all(problem.message.isprintable() for problem in document.problems)
    assert document.problems[0].code is C.DUPLICATE_KEY


def test_every_character_is_either_read_or_refused_by_name() -> None:
    chosen = [*range(0x3000), *range(0xD700, 0x10200), *range(0x10FFF0, 0x110000)]
    refused = []
    for number in chosen:
        document = read_text(f"a: '{chr(number)}'", "f")
        if not document.problems:
            continue
        (problem,) = document.problems
        if number == ord("'"):
            assert problem.code is C.SYNTAX
            continue
        surrogate = 0xD800 <= number <= 0xDFFF
        assert surrogate or f"U+{number:04X}" in problem.message
        refused.append(number)
    assert refused == [
        *range(9),
        0xB,
        0xC,
        0xD,
        *range(0xE, 0x20),
        *range(0x7F, 0xA0),
        0x2028,
        0x2029,
        *range(0xD800, 0xE000),
        0xFEFF,
        0xFFFE,
        0xFFFF,
    ]


# Files


def code_of(path: Path) -> ProblemCode:
    document = read_file(path, "shown")
    (problem,) = document.problems
    assert document.root is None
    assert problem.span == Span("shown", Mark(1, 1), Mark(1, 1))
    return problem.code


def test_regular_file_and_link_to_it_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("é: 1\r\n".encode("utf-8-sig"))
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    for name in (path, link):
        document = read_file(name, "shown")
        assert (document.sound, document.bom, document.text) == (True, True, "é: 1\r\n")


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "gone")
    assert code_of(tmp_path) is C.NOT_A_FILE
    assert code_of(fifo) is C.NOT_A_FILE
    assert code_of(Path("/dev/null")) is C.NOT_A_FILE
    assert code_of(Path("/dev/zero")) is C.NOT_A_FILE
    assert code_of(loop) is C.LINK_LOOP
    assert code_of(dangling) is C.MISSING
    assert code_of(tmp_path / "gone") is C.MISSING
    assert code_of(tmp_path / "a\0b") is C.MISSING
    assert code_of(tmp_path / ("x" * 300)) is C.UNREADABLE


def test_the_kind_of_a_non_file_is_in_the_message(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, kind in ((tmp_path, "a directory"), (fifo, "a FIFO"), (Path("/dev/null"), "device")):
        assert kind in read_file(path, "shown").problems[0].message


def test_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert code_of(Path("s")) is C.NOT_A_FILE


def test_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        unreadable = Path("/proc/self/mem")  # even root gets an I/O error at its start
        assert read_file(unreadable, "shown").problems[0].code in {C.UNREADABLE, C.CHANGED}
        return
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    assert code_of(path) is C.UNREADABLE


def test_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert code_of(path) is C.FILE_TOO_LARGE
    path.write_bytes(b"#" * MAX_FILE)
    assert code_of(path) is C.EMPTY
    path.write_bytes(b"#" * (MAX_FILE + 1))
    assert code_of(path) is C.FILE_TOO_LARGE


def test_file_that_grows_or_shrinks_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    real_read = os.read

    def read_beside_a_writer(descriptor: int, count: int) -> bytes:
        data = real_read(descriptor, count)
        if data:
            change()
        return data

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"b: 2\n")

    def shrink() -> None:
        path.write_bytes(b"")

    for change in (grow, shrink):  # noqa: B007 - read_beside_a_writer calls it
        path.write_text("a: 1\n")
        with monkeypatch.context() as patch:
            patch.setattr("pv.yamlfile.intake.os.read", read_beside_a_writer)
            assert code_of(path) is C.CHANGED


def test_file_that_never_stops_growing_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    stop = threading.Event()

    def append() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"#" * 4096)
                file.truncate(1 << 20)

    writer = threading.Thread(target=append)
    writer.start()
    try:
        began = time.perf_counter()
        read_file(path, "shown")
        assert time.perf_counter() - began < 5
    finally:
        stop.set()
        writer.join()
