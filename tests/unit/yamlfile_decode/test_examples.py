"""Every example of a page about form is fed to the validator: it fires its rule and no other."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pv.lint.catalogue import find_rule
from pv.lint.page import PARTS, parse_page
from pv.yamlfile.codes import RULES, Code
from pv.yamlfile.examples import EXAMPLES, HEAD
from pv.yamlfile.judge import judge_file
from pv.yamlfile.problems import ProblemCode
from pv.yamlfile.schema_problems import SchemaCode

_MANY = re.compile(r"⟨(.+?) × ([\d,]+)⟩")
_BYTE = re.compile(r"⟨byte 0x([0-9a-f]{2})⟩")
_WIDE = " ⟨in UTF-16⟩"
_FLOODS = {
    ProblemCode.TOO_MANY_PROBLEMS: "PV-YML-003",
    SchemaCode.PROBLEM_FLOOD: "PV-SCH-005",
}
"""Rules that count what another finds: that one fires beside them."""


def _content(text: str, *, whole: bool) -> bytes:
    """Return the bytes that an example stands for."""
    if text.endswith(_WIDE):
        return text.removesuffix(_WIDE).encode("utf-16")
    full = _MANY.sub(lambda found: found[1] * int(found[2].replace(",", "")), text)
    parts = _BYTE.split(("" if whole else HEAD) + full + "\n")
    data = b"".join(
        bytes([int(part, 16)]) if number % 2 else part.encode() for number, part in enumerate(parts)
    )
    assert "⟨".encode() not in data, text
    return data


def _unreadable(path: Path) -> None:
    if os.geteuid() == 0:
        path.symlink_to("/proc/self/mem")  # even root gets an I/O error at its start
    else:
        path.write_text(HEAD)
        path.chmod(0)


SITUATIONS: dict[str, Callable[[Path], object]] = {
    "⟨a file⟩": lambda path: path.write_text(HEAD),
    "⟨a file that is written while it is read⟩": lambda path: path.write_text(HEAD),
    "⟨a FIFO⟩": os.mkfifo,
    "⟨a link to itself⟩": lambda path: path.symlink_to(path),
    "⟨a link to a file that is gone⟩": lambda path: path.symlink_to(path.with_name("gone")),
    "⟨a file that the system does not let us read⟩": _unreadable,
}


def fired(text: str, path: Path, *, whole: bool) -> set[str]:
    """Return the rules that judging an example as a file fires."""
    _, file, situation = text.partition("contracts/mill-v1.yaml: ")
    if file:
        SITUATIONS[situation](path)
    else:
        path.write_bytes(_content(text, whole=whole))
    return {one.rule for one in judge_file(path, "mill-v1.yaml").findings}


def test_every_form_rule_has_an_example() -> None:
    assert set(EXAMPLES) == set(RULES)
    assert len(EXAMPLES) == 50


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: RULES[code].id)
def test_the_wrong_text_fires_its_rule_alone_and_the_right_one_none(
    code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example, rule = EXAMPLES[code], RULES[code].id
    assert fired(example.right, tmp_path / "right.yaml", whole=example.whole) == set()
    wrong = tmp_path / "wrong.yaml"
    if code is ProblemCode.CHANGED:
        real_read = os.read

        def read_beside_a_writer(descriptor: int, count: int) -> bytes:
            data = real_read(descriptor, count)
            with wrong.open("ab") as file:
                file.write(b"x-more: 1\n")
            return data

        monkeypatch.setattr("pv.yamlfile.intake.os.read", read_beside_a_writer)
    assert fired(example.wrong, wrong, whole=example.whole) == {rule, _FLOODS.get(code, rule)}


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: RULES[code].id)
def test_its_page_shows_both(code: Code) -> None:
    page = parse_page(find_rule(RULES[code].id).page)
    parts = dict(page.parts)
    assert tuple(parts) == PARTS
    assert parts["Example"] == EXAMPLES[code].wrong
    advice = parts["Instead"].removesuffix(f"\n{EXAMPLES[code].right}")
    assert all(line.startswith("# ") for line in advice.splitlines())
    assert " ".join(line[2:] for line in advice.splitlines()) == RULES[code].instead
