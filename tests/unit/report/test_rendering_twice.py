"""Rendering twice changes nothing, a diff tells the truth, and hostile text stays text."""

import os
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from pv.cli.main import app
from pv.evidence.derive import derive_all
from pv.report.pages import Registry, pages, write
from pv.report.render import OwnTemplates

COMMAND = CliRunner()
READER = MarkdownIt("commonmark").enable("table")


def render(root, *options):
    return COMMAND.invoke(app, ["render", "--root", str(root), *options])


def files(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_diff_shows_what_would_change_and_changes_nothing(registry):
    render(registry)
    before = files(registry)
    assert render(registry, "--diff").exit_code == 0
    page = registry / "docs" / "ship.md"
    right = page.read_text()
    page.write_text(right.replace("MODEL-A 0 %", "MODEL-A 97 %"))
    (registry / "docs" / "overview.md").unlink()
    wrong = files(registry)
    done = render(registry, "--diff")
    assert done.exit_code == 1
    assert "--- a/docs/ship.md\n+++ b/docs/ship.md\n" in done.stdout
    assert "-**MODEL-A 97 %" in done.stdout
    assert "+**MODEL-A 0 %" in done.stdout
    assert "--- /dev/null\n+++ b/docs/overview.md\n" in done.stdout
    assert files(registry) == wrong
    apply = [shutil.which("git"), "apply", "-"]
    patch = subprocess.run(apply, cwd=registry, input=done.stdout, text=True, check=False)
    assert patch.returncode == 0
    assert files(registry) == before


def test_pages_are_the_same_bytes_whatever_surrounds_the_run(registry, tmp_path):
    (registry / "mine").mkdir()
    (registry / "pv.toml").write_text('templates = "mine"\n')
    (registry / "mine" / "ship.md.j2").write_text(
        "{% for m in ship %}{{ m.headline }}{% endfor %}\n"
    )
    found = []
    for number, surroundings in enumerate(
        (
            {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
            {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "COLUMNS": "40"},
        )
    ):
        target = tmp_path / "pages"
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(
            [sys.executable, "-m", "pv", "render", "--root", registry, "--output", target],
            cwd=Path(__file__).parents[3] if number else registry,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), **surroundings},
            check=True,
            capture_output=True,
        )
        found.append({p.relative_to(target): p.read_bytes() for p in target.rglob("*.*")})
    assert len(found[0]) >= 6
    page = found[0][Path("status.md")].decode()
    links = [each.partition(")")[0] for each in page.split("](")[1:]]
    assert [each for each in links if not (target / each).resolve().is_file()] == []
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!-- pv:begin ship -->\n", "README.md:1:1: section 'ship' has no end marker"),
        ("\n<!-- pv:end ship -->\n", "README.md:2:1: end marker of 'ship', expected a begin"),
        (
            "<!-- pv:begin ship -->\n<!-- pv:end ship -->\n" * 2,
            "README.md:3:1: section 'ship' stands twice, first on line 1",
        ),
        (
            "<!-- pv:begin ship -->\n<!-- pv:begin status -->\n",
            "README.md:2:1: section 'status' begins inside 'ship'",
        ),
        (
            "<!-- pv:begin release nothing -->\n<!-- pv:end release nothing -->\n",
            "README.md:1:1: 'nothing' is no range of revisions, expected REV..REV",
        ),
        (
            "<!-- pv:begin release -->\n<!-- pv:end release -->\n",
            "README.md:1:1: '' is no range of revisions",
        ),
    ],
)
def test_markers_that_are_missing_or_doubled_are_located_errors(registry, text, words):
    (registry / "README.md").write_text(text)
    done = render(registry)
    assert words in done.exception.explain()
    assert done.exception.exit_code == 2
    assert not (registry / "docs").exists()


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("|", "`", "```", "~~~", "<script>", "</td>", "<!-- pv:end status -->", "[a](b)"),
                *("![a](b)", "*a*", "__a__", "_a_", "# a", "- a", "+ a", "1. a", "12) a", "> a"),
                *("===", "---", "&lt;", "&copy;", "\\", "\\|", "<http://a.b>", "a  ", "{{ a }}"),
                *(
                    "{% raw %}",
                    "\u202e",
                    "\u200b",
                    "snake_case",
                    "\t",
                    "    a",
                    "$a$",
                    "^a^",
                    ":a:",
                ),
            ]
        ),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6),
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: " ".join(parts).strip() or "a")


def written(root, text):
    """Write a contract whose texts are all `text`."""
    data = {
        "metadata": {
            "version": "1.0.0",
            "kind": "pattern",
            "description": text,
            "references": ["a"],
        },
        "changelog": [{"version": "1.0.0", "date": "2026-05-01", "changes": [text]}],
        "equations": {"e": {"formula": text}},
        "proof_obligations": [{"id": "O-1", "type": "bound", "property": text}],
        "hypotheses": [{"id": "H1", "claim": text, "verdict": "UNTESTED"}],
        "falsification_tests": [
            {
                "id": "FALSIFY-A-001",
                "rule": text,
                "prediction": text,
                "if_fails": text,
                "planned": {"reason": text, "since": "2026-05-01"},
                "decides": {"H1": {"HELD": "CONFIRMED"}},
            }
        ],
        "lessons": [{"id": "L-1", "text": text, "incident": text, "guard": "teeth"}],
    }
    (root / "contracts").mkdir(exist_ok=True)
    (root / "contracts" / "a-v1.yaml").write_text(yaml.safe_dump(data, allow_unicode=True))
    found = rendered(root)
    for page in found:
        write(root, page)
    return {str(page.path): page.text for page in found if page.path.suffix == ".md"}


def rendered(root):
    base = PurePosixPath("docs")
    derived = derive_all(root, freshness="as recorded")
    return pages(Registry.of(root, derived, base), base, OwnTemplates("", {}))


def shape(text):
    """Return what a reader makes of a page, texts left out."""
    kept = [(each.type, each.tag, each.children or ()) for each in READER.parse(text)]
    return [
        (kind, tag, [each.type for each in inner if not is_text(each)]) for kind, tag, inner in kept
    ]


def is_text(token):
    """Tell whether a part of a line is text; a name behind @ is code, so that nobody is called."""
    named = token.type == "code_inline" and token.content.startswith("@")
    return named or token.type in ("text", "softbreak", "text_special")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Return the shape of the pages of a contract whose texts are one word."""
    found = written(tmp_path_factory.mktemp("plain"), "plain")
    return {name: shape(text) for name, text in found.items()}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(HOSTILE)
@example("0")  # with a full stop behind it a list would begin
@example("@0")
def test_hostile_text_stays_text_and_rendering_twice_changes_nothing(tmp_path, plain, text):
    assert {name: shape(page) for name, page in written(tmp_path, text).items()} == plain
    again = rendered(tmp_path)
    assert again
    assert [str(page.path) for page in again if page.stale] == []
