"""`pv guard`: every guard has a page, and shows what it says of its own examples."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.guards import GUARDS
from pv.discharge.guards.page import PARTS, page_of, pages_of
from pv.errors import UsageError

NAMES = [each.name for each in GUARDS]


def invoke(*arguments):
    return CliRunner().invoke(app, ["guard", *arguments], catch_exceptions=True)


def test_the_list_has_every_guard_in_a_line():
    found = invoke()
    assert found.exit_code == 0
    assert [line.split()[0] for line in found.stdout.splitlines()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_parts_and_both_examples(name):
    found = invoke(name)
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[0] == name
    assert [line for line in lines if line in PARTS] == list(PARTS)
    stops = lines.index("A run that it must stop")
    assert lines[stops + 2].startswith(("    TRIPPED: ", "    POST-HOC: "))
    assert lines[lines.index("A sound run that it leaves alone") + 2].startswith("    ok: ")
    assert all(len(line) <= 140 for line in lines)


def test_pages_for_programs():
    data = json.loads(invoke("--format", "json").stdout)
    assert [each["name"] for each in data["guards"]] == NAMES
    assert set(data["guards"][0]["page"]) == {p.lower().replace(" ", "_") for p in PARTS}
    (one,) = json.loads(invoke("power", "-f", "json").stdout)["guards"]
    assert (one["stops"]["said"], one["leaves"]["said"]) == ("TRIPPED", "ok")


def test_a_name_is_taken_as_people_write_it():
    assert pages_of("Like_With_Like")[0].name == "like-with-like"


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError, match="no guard is called 'teath'") as caught:
        pages_of("teath")
    assert caught.value.advice == "did you mean teeth?"
    lines = caught.value.explain().splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(lines[1:-1]).split() == ", ".join(NAMES).split()


def test_a_page_without_a_part_is_a_defect():
    with pytest.raises(ValueError, match="has What it asks, expected"):
        page_of(GUARDS[0].__class__("x", "X.\n\nWhat it asks\n    a\n", *[None] * 3))
