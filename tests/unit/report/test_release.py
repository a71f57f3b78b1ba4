"""Release notes and banners between revisions: what moved, from the revisions themselves."""

import hashlib
import shutil

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError
from tests.unit.cli.history_repository import commit

COMMAND = CliRunner()


def render(root, *options):
    return COMMAND.invoke(app, ["render", "--root", str(root), *options])


@pytest.fixture
def history(registry):
    """Two commits: without the receipt and with it, a version and a criterion waived between."""
    evidence = registry / "contracts" / "evidence"
    kept = registry.parent / "kept"
    shutil.move(evidence, kept)
    first = commit(registry, "first")
    shutil.move(kept, evidence)
    ship = registry / "contracts" / "ship.yaml"
    text = ship.read_text().replace("version: 1.0.0", "version: 1.1.0")
    text = text.replace("weight: 3, gates", 'weight: 3, not_applicable: "a person reads it", gates')
    ship.write_text(text)
    (registry / "contracts" / "new.yaml").write_text(
        "metadata: { version: 1.0.0, kind: pattern, status: DRAFT, description: d }\n"
    )
    return registry, first, commit(registry, "second")


def test_release_notes_tell_of_contracts_receipts_and_percentages(history):
    root, first, second = history
    done = render(root, "--release", f"{first}..{second}")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == f"## {first} to {second}"
    assert "- **MODEL-A ship %**: unchanged at **0 %** (0 of 1 weighted, 1 open)" in lines
    assert "- `ship` 1.0.0 → 1.1.0" in lines
    assert "- `new` new, 1.0.0" in lines
    assert "- 1 new, HELD" in lines
    assert not (root / "docs").exists()


def test_notes_backwards_say_what_is_gone(history):
    root, first, second = history
    lines = render(root, "--release", f"{second}..{first}").stdout.splitlines()
    assert "- 1 are there no longer" in lines
    assert "- `new` removed" in lines


def test_the_same_revision_twice_says_that_nothing_changed(history):
    root, first, _ = history
    assert (
        "No contract and no receipt changed."
        in render(root, "--release", f"{first}..{first}").stdout
    )


def test_a_section_of_notes_and_a_banner_since_a_revision_are_managed_too(history):
    root, first, second = history
    (root / "NEWS.md").write_text(
        f"<!-- pv:begin release {first}..{second} -->\n<!-- pv:end release {first}..{second} -->\n"
        f"<!-- pv:begin banner {first} -->\n<!-- pv:end banner {first} -->\n"
    )
    assert render(root).exit_code == 0
    text = (root / "NEWS.md").read_text()
    assert "- 1 new, HELD" in text
    assert "**MODEL-A ship %**: unchanged at **0 %** (0 of 1 weighted, 1 open)." in text
    assert " Spec v1.0.0 → **v1.1.0**. Coverage tally: 0+0 → **0+1**." in text
    assert render(root, "--check").exit_code == 0


@pytest.mark.parametrize(
    "revisions", ["", "HEAD", "HEAD..", "..HEAD", "HEAD...HEAD", "--output=x..HEAD", "gone..HEAD"]
)
def test_what_is_no_range_of_revisions_is_refused(history, revisions):
    root, *_ = history
    before = sorted(root.rglob("*"))
    done = render(root, f"--release={revisions}")
    assert isinstance(done.exception, UsageError), done.output
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("text", ['{"predicate":{"verdict":"HELD"}}', "[" * 200_000, "", "{}"])
def test_what_is_no_receipt_is_told_as_damaged(history, text):
    root, _, second = history
    folder = next((root / "contracts" / "evidence").iterdir())
    (folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json").write_text(text)
    third = commit(root, "third")
    done = render(root, "--release", f"{second}..{third}")
    assert done.exit_code == 0, done.output
    assert "- 1 new, damaged" in done.stdout
    assert "HELD" not in done.stdout


def test_signatures_are_no_receipts(history):
    root, _, second = history
    folder = next((root / "contracts" / "evidence").iterdir())
    (folder / f"{'0' * 16}.{'1' * 64}.dsse.json").write_text("{}")
    assert "damaged" not in render(root, "--release", f"{second}..{commit(root, 'third')}").stdout


@pytest.mark.parametrize("section", ["spec", "whys", "history", "page/pull_request"])
def test_a_section_without_what_it_is_about_is_a_located_error(history, section):
    root, _, _ = history
    page = root / "docs" / "own.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(f"<!-- pv:begin {section} -->\n<!-- pv:end {section} -->\n")
    done = render(root)
    assert isinstance(done.exception, UsageError), done.output
    assert done.exception.span.file.endswith("own.md")
    assert done.exception.span.start.line == 1
