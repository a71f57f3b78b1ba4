"""The documents are true: every command, room and dependency that exists is in them."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import COMMANDS, app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert re.search(rf"`(pv )?{command}\b|^    pv {command}\b", README, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command):
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output.split("\n\n")[1].split()) >= 3


def test_the_readme_names_no_command_that_does_not_exist():
    named = set(re.findall(r"`pv (\w[\w-]*)|^    pv (\w[\w-]*)", README, re.MULTILINE))
    named_words = {word for pair in named for word in pair if word}
    assert named_words
    assert named_words <= set(COMMANDS)


def test_every_layer_is_in_the_diagram():
    (contract,) = PROJECT["tool"]["importlinter"]["contracts"]
    rooms = [room.strip() for layer in contract["layers"] for room in layer.split("|")]
    diagram = ARCHITECTURE.split("```mermaid")[1].split("```")[0]
    assert [r for r in rooms if not re.search(rf"\b{r.removeprefix('pv.')}\b", diagram)] == []


def test_every_dependency_has_a_named_job():
    table = ARCHITECTURE.split("## Dependencies")[1].lower()
    names = [re.split(r"[<>=\[;]", each)[0].lower() for each in PROJECT["project"]["dependencies"]]
    assert names
    assert [name for name in names if f"| {name}" not in table and f", {name}" not in table] == []


@pytest.mark.parametrize("target", ["demo", "test", "check", "ptx", "bench", "soak", "docs"])
def test_the_documents_name_every_make_target(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"make {target}" in README + contributing


def test_links_of_the_documents_lead_somewhere():
    links = [
        (page, link)
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in link
    ]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
