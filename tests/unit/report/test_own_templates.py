"""Templates of a registry come before ours, over the same view, and can do no harm."""

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError
from pv.sandbox import ForbiddenError, LimitError, MissingValueError, TemplateError
from tests.unit.cli.history_repository import commit

COMMAND = CliRunner()


@pytest.fixture
def own(registry):
    (registry / "mine").mkdir()
    (registry / "pv.toml").write_text('templates = "mine"\n')
    return registry


def written(registry, name, text):
    (registry / "mine" / f"{name}.md.j2").write_text(text)


def render(root, *options):
    return COMMAND.invoke(app, ["render", "--root", str(root), *options])


def section(registry, name):
    text = (registry / "docs" / f"{name}.md").read_text()
    return text.partition(f"<!-- pv:begin {name} -->")[2].partition("<!-- pv:end")[0].strip()


def test_a_template_of_its_own_comes_before_ours_and_sees_the_same_view(own):
    written(
        own,
        "ship",
        "{% for m in ship %}{{ m.id }} {{ m.criteria[1].criterion }}{% endfor %}\n\n"
        "[page]({{ href(contracts[0].page) }}) {{ totals.falsifiers }} {{ contracts[0].id | code }}"
        " {{ coverage[0].discharged }} {{ landscape[3].count }}",
    )
    assert render(own).exit_code == 0
    assert section(own, "ship") == (
        "MODEL-A it \\| loads\n[page](contracts/example-v1.md) 1 `example-v1` 0 0"
    )
    assert render(own, "--check").exit_code == 0
    assert "| falsifier | question |" in section(own, "status")


def test_it_can_include_one_of_its_own_and_one_of_ours(own):
    written(own, "ship", "{% include 'part/head.md.j2' %}\n\n\n{% include 'pv/badges.md.j2' %}")
    (own / "mine" / "part").mkdir()
    written(own, "part/head", "our own head")
    assert render(own).exit_code == 0
    assert section(own, "ship").splitlines() == [
        "our own head",
        "",
        "![MODEL-A ship 0 %](badges/ship-model-a.svg)",
    ]


def test_a_section_of_its_own_is_one_more_kind(own):
    written(own, "one", "{{ contract.stem }} has {{ contract.total }}")
    (own / "README.md").write_text("<!-- pv:begin one example-v1 -->\n<!-- pv:end one -->\n")
    done = render(own)
    assert "end marker of 'one', expected the end of 'one example-v1'" in str(done.exception)
    (own / "README.md").write_text(
        "<!-- pv:begin one example-v1 -->\n<!-- pv:end one example-v1 -->\n"
    )
    assert render(own).exit_code == 0
    assert "\nexample-v1 has 1\n" in (own / "README.md").read_text()


@pytest.mark.parametrize(
    ("template", "kind", "words"),
    [
        ("{{ totals.gone }}", MissingValueError, "has no attribute 'gone'"),
        ("{{ contracts.append(1) }}", ForbiddenError, "'append'"),
        ("{{ href.__globals__ }}", ForbiddenError, "'__globals__'"),
        ("{{ href.func }}", MissingValueError, "has no attribute 'func'"),
        ("{{ ship.__class__ }}", ForbiddenError, "'__class__'"),
        ("{{ 'a' * 10 ** 9 }}", LimitError, "a repetition of"),
        ("{% include '../../etc/passwd' %}", MissingValueError, "no template"),
        ("{% for %}", TemplateError, "Expected an expression"),
    ],
)
def test_what_is_wrong_with_one_is_told_with_file_and_line_and_nothing_is_written(
    own, template, kind, words
):
    written(own, "ship", f"first line\n{template}\n")
    done = render(own)
    assert isinstance(done.exception, kind)
    assert str(done.exception.span) == "mine/ship.md.j2:2:1"
    assert words in done.exception.message
    assert not (own / "docs").exists()


def test_a_template_cannot_write_markers_or_leave_a_fence_open(own):
    (own / "README.md").write_text("# a\n\n<!-- pv:begin ship -->\n<!-- pv:end ship -->\n")
    for text, words in (
        ("<!-- pv:end ship -->\n", "a marker of 'ship'"),
        ("```\ncode\n", "a fence of code that it does not close"),
    ):
        written(own, "ship", text)
        done = render(own)
        assert isinstance(done.exception, UsageError)
        assert words in done.exception.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('templates = "../elsewhere"\n', "pv.toml:1:1: templates is ../elsewhere, expected a fol"),
        ('templates = "/etc"\n', "pv.toml:1:1: templates is /etc, expected a folder below"),
        ('templates = "."\n', "pv.toml:1:1: templates is ., expected a folder below"),
        ("templates = 3\n", "pv.toml:1:1: templates is 3, expected a text"),
        ('templates = "gone"\n', "to take templates from"),
    ],
)
def test_a_folder_that_cannot_be_followed_is_told_with_its_place(registry, text, words):
    (registry / "pv.toml").write_text(text)
    done = render(registry)
    assert words in done.exception.explain()
    assert done.exception.exit_code == 2


def test_a_link_out_of_the_repository_is_refused(own, tmp_path):
    (tmp_path / "secret.md.j2").write_text("secret")
    (own / "mine" / "ship.md.j2").symlink_to(tmp_path / "secret.md.j2")
    assert isinstance(render(own).exception, ForbiddenError)
    (own / "mine" / "ship.md.j2").unlink()
    (own / "mine").rmdir()
    (own / "mine").symlink_to(tmp_path)
    assert "expected a folder below" in render(own).exception.message


def test_the_text_of_a_pull_request_can_be_its_own(own):
    (own / "mine" / "page").mkdir()
    written(own, "page/pull_request", "since {{ change.base }}: {{ change.summary | length }}")
    commit(own, "all of it")
    done = COMMAND.invoke(app, ["pr-body", "--root", str(own), "--base", "HEAD"])
    assert done.output == "since HEAD: 0\n"
