"""Rendering a registry: what is written, what stays, what is called stale."""

import json
import os
import shutil
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError

COMMAND = CliRunner()


def render(root, *options):
    return COMMAND.invoke(app, ["render", "--root", str(root), *options])


def test_the_standard_pages_are_made_and_the_second_run_changes_nothing(registry):
    first = render(registry)
    assert first.exit_code == 0, first.output
    pages = sorted(p.relative_to(registry).as_posix() for p in (registry / "docs").rglob("*.md"))
    assert pages == [
        "docs/contracts/example-v1.md",
        "docs/contracts/ship.md",
        "docs/overview.md",
        "docs/ship.md",
        "docs/status.md",
    ]
    before = {p: p.read_bytes() for p in (registry / "docs").rglob("*.md")}
    assert ", 0 changed" in render(registry).output
    assert {p: p.read_bytes() for p in before} == before


def test_the_report_says_what_the_receipt_says(registry):
    render(registry)
    (receipt,) = (registry / "contracts/evidence/FALSIFY-EXAMPLE-001").glob("*.json")
    predicate = json.loads(receipt.read_text())["predicate"]
    page = (registry / "docs/status.md").read_text()
    assert predicate["verdict"] in page
    assert f"(../contracts/evidence/FALSIFY-EXAMPLE-001/{receipt.name})" in page
    assert (registry / "docs" / "../contracts/evidence" / receipt.parent.name).is_dir()


def test_links_between_pages_lead_somewhere(registry):
    render(registry)
    page = (registry / "docs/status.md").read_text()
    targets = [part.split(")")[0] for part in page.split("](")[1:]]
    assert targets
    assert [t for t in targets if not (registry / "docs" / t).resolve().is_file()] == []


def test_ours_foreign_and_asserted_stand_apart_and_a_cell_stays_a_cell(registry):
    output = render(registry).output
    assert "MODEL-A 0 % (computed; 0 of 4 weighted, base 0; nobody asserts a figure)" in output
    page = (registry / "docs/ship.md").read_text()
    assert "it \\| loads" in page
    assert "`AC-2` adds 75 points — NOWHERE-001 is PROPOSED" in page


def test_check_finds_a_changed_record_and_writes_nothing(registry):
    render(registry)
    assert render(registry, "--check").exit_code == 0
    page = registry / "docs/status.md"
    before = page.read_bytes()
    shutil.rmtree(registry / "contracts/evidence/FALSIFY-EXAMPLE-001")
    checked = render(registry, "--check")
    assert checked.exit_code == 1
    assert "stale  docs/status.md" in checked.output
    assert page.read_bytes() == before


def test_a_changed_source_alone_makes_no_file_stale(registry):
    render(registry)
    harness = registry / "falsifiers/example.py"
    harness.write_text(harness.read_text() + "\n# a comment\n")
    assert render(registry, "--check").exit_code == 0


def test_a_section_anywhere_is_filled_and_the_rest_of_the_file_stays(registry):
    text = "# Mine\r\nkeep  \r\n<!-- pv:begin ship -->\r\n<!-- pv:end ship -->\r\nend"
    (registry / "README.md").write_bytes(text.encode())
    render(registry)
    now = (registry / "README.md").read_bytes().decode()
    assert now.startswith("# Mine\r\nkeep  \r\n<!-- pv:begin ship -->\r\n")
    assert now.endswith("<!-- pv:end ship -->\r\nend")
    assert "MODEL-A 0 %" in now


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (
            "nothing",
            "no section 'nothing', expected one of badges, banner, changelog, coverage",
        ),
        ("spec elsewhere-v1", "README.md:1:1: section 'spec' names contract 'elsewhere-v1'"),
    ],
)
def test_a_section_that_cannot_be_filled_is_an_error(registry, section, words):
    page = f"<!-- pv:begin {section} -->\n<!-- pv:end {section} -->\n"
    (registry / "README.md").write_text(page)
    done = render(registry)
    assert words in done.exception.explain()
    assert done.exception.exit_code == 2
    assert (registry / "README.md").read_text() == page


def test_output_elsewhere_leaves_docs_alone(registry):
    done = render(registry, "--output", str(registry / ".pv/report"))
    assert done.exit_code == 0
    assert "report: .pv/report/status.md" in done.output
    assert not (registry / "docs").exists()


def test_a_damaged_receipt_is_named_and_does_not_count(registry):
    (receipt,) = (registry / "contracts/evidence/FALSIFY-EXAMPLE-001").glob("*.json")
    data = bytearray(receipt.read_bytes())
    data[len(data) // 2] ^= 1
    receipt.write_bytes(bytes(data))
    render(registry)
    page = (registry / "docs/status.md").read_text()
    assert "Damaged receipts, not counted:" in page
    assert receipt.name in page
    assert "HELD" not in page


def test_a_contract_that_does_not_parse_is_named_and_hides_no_other(registry):
    (registry / "contracts/broken.yaml").write_text("metadata: [\n")
    assert render(registry).exit_code == 0
    page = (registry / "docs/status.md").read_text()
    assert "contracts/broken.yaml" in page
    assert "EXAMPLE-001" in page


def test_an_empty_registry_renders_nothing_and_says_so(tmp_path):
    (tmp_path / "contracts").mkdir()
    done = render(tmp_path)
    assert done.exit_code == 3
    assert "nothing was rendered" in done.output


def pipe(path):
    os.mkfifo(path)


def socket_file(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def endless(path):
    path.symlink_to("/dev/zero")


def leading_nowhere(path):
    path.symlink_to("gone.md")


@pytest.mark.parametrize("make", [pipe, socket_file, endless, leading_nowhere, Path.mkdir])
def test_what_is_no_plain_file_is_passed_by(registry, make, monkeypatch):
    render(registry)
    monkeypatch.chdir(registry)  # the path of a socket has to be short
    for place in (Path("x.md"), Path("docs/x.md")):
        make(place)
    assert render(registry, "--check").exit_code == 0
    assert not Path("docs/x.md").is_file()


def test_a_page_behind_a_link_is_rendered_where_it_lies(registry):
    (registry / "guide.md").write_text("<!-- pv:begin standing -->\n<!-- pv:end standing -->\n")
    (registry / "docs").mkdir()
    (registry / "docs" / "guide.md").symlink_to("../guide.md")
    assert render(registry).exit_code == 0
    assert (registry / "docs" / "guide.md").is_symlink()
    assert "MODEL-A 0 %" in (registry / "guide.md").read_text()


@pytest.mark.parametrize("make", [pipe, lambda path: os.truncate(path, 1 << 40)])
def test_a_standard_page_that_cannot_be_one_is_an_error(registry, make):
    render(registry)
    page = registry / "docs" / "status.md"
    if make is pipe:
        page.unlink()
    make(page)
    done = render(registry)
    assert isinstance(done.exception, UsageError)
    assert "expected a plain file of at most 16,777,216 bytes" in str(done.exception)
