"""Templates of others: what they may do, and that what they must not do ends in a located error."""

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv.errors import UsageError
from pv.sandbox import (
    ForbiddenError,
    Function,
    LimitError,
    Limits,
    Missing,
    MissingValueError,
    Rules,
    Sandbox,
    TemplateError,
    read_folder,
    render,
)

VALUES = {"x": [1, 2], "s": "text", "m": {"items": "own", "of": {"deep": 3}}, "t": (1, "two")}
LINES = "\n\n"
"""Every template of the tables stands on line 3."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(VALUES, Limits(cpu_seconds=1), others={"part": "[{{ s }}]"}) as made:
        yield made


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ s }}", "text"),
        ("{{ m.of.deep }} {{ m.items }}", "3 own"),
        ("{% for each in x if each > 1 %}{{ loop.index }}:{{ each }}{% endfor %}", "1:2"),
        ("{% include 'part' %}", "[text]"),
        ("{{ y is defined }} {{ y | default('none') }}", "False none"),
        ("{% set n = namespace(a=0) %}{% for e in x %}{% set n.a = e %}{% endfor %}{{ n.a }}", "2"),
        ("{{ s * 2 }} {{ 2 ** 10 }} {{ 7 % 4 }}", "texttext 1024 3"),
        ("{{ m.of | tojson }} {{ '<&é' | tojson }}", '{"deep": 3} "<&é"'),
        ("{% for k, v in m.of.items() %}{{ k }}={{ v }}{% endfor %}", "deep=3"),
        ("{{ s.upper() }} {{ 'a {}'.format(1) }} {{ t | join('-') }}", "TEXT a 1 1-two"),
        ("{% set a = 1 %}" * 40 + "{{ a }}", "1"),
    ],
)  # fmt: skip
def test_what_templates_may_do(sandbox, template, text):
    assert sandbox.render(template) == text


GROWING = """{% set n = namespace(a='aaaa') %}
{%- for i in range(99) %}{% set n.a = n.a ~ n.a %}{% endfor %}"""
ENDLESS = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
HOSTILE = [
    ("{{ y }}", MissingValueError, "'y' is undefined"),
    ("{% if y %}{% endif %}", MissingValueError, "'y' is undefined"),
    ("{{ m.gone }}", MissingValueError, "has no attribute 'gone'"),
    ("{% include '/etc/passwd' %}", MissingValueError, "no template '/etc/passwd'"),
    ("{% include '../part' %}", MissingValueError, "no template '../part'"),
    ("{% import 'os' as os %}", MissingValueError, "no template 'os'"),
    ("{{ cycler() }}", MissingValueError, "'cycler' is undefined"),
    ("{{ cycler.__init__ }}", ForbiddenError, "'__init__'"),
    ("{{ lipsum(n=10**9) }}", MissingValueError, "'lipsum' is undefined"),
    ("{{ x.__class__.__mro__ }}", ForbiddenError, "attribute '__class__' of list"),
    ("{{ x['__class__'] }}", ForbiddenError, "attribute '__class__' of list"),
    ("{% if x.__class__ is defined %}{% endif %}", ForbiddenError, "'__class__'"),
    ("{{ ''.join.__self__ }}", ForbiddenError, "'__self__'"),
    ("{{ self._TemplateReference__context }}", ForbiddenError, "'_TemplateReference__context'"),
    ("{{ range.__globals__ }}", ForbiddenError, "'__globals__'"),
    ("{{ namespace.__init__ }}", ForbiddenError, "'__init__'"),
    ("{{ '{0.__class__}'.format(x) }}", ForbiddenError, "'__class__'"),
    ("{% set f = '{0.__class__}'.format %}{{ f(x) }}", ForbiddenError, "'__class__'"),
    ("{{ ['{0.__class__}'] | map('format', 1) | join }}", TemplateError, ""),
    ("{{ x | map(attribute='__class__') | list }}", ForbiddenError, "'__class__'"),
    ("{{ x | attr('__class__') }}", TemplateError, "No filter named 'attr'"),
    ("{{ x.append(3) }}", ForbiddenError, "'append'"),
    ("{{ m.update({'a': 1}) }}", ForbiddenError, "'update'"),
    ("{{ '%1000000000d' % 1 }}", ForbiddenError, "formatting by `%`"),
    ("{{ range(10 ** 9) | list }}", LimitError, "a range of 1,000,000,000 elements"),
    ("{{ 'a' * 10 ** 9 }}", LimitError, "a repetition of 1,000,000,000 elements"),
    ("{{ 10 ** 9 * [1] }}", LimitError, "a repetition of 1,000,000,000 elements"),
    ("{{ 10 ** (10 ** 6) }}", LimitError, "a power of more than 300 digits"),
    ("{{ 'a'.zfill(10 ** 9) }}", LimitError, "bytes of memory"),
    ("{{ 'a' | center(10 ** 9) }}", LimitError, "bytes of memory"),
    ("{{ '{:1000000000}'.format(1) }}", LimitError, "bytes of memory"),
    (GROWING, LimitError, "bytes of memory"),
    (ENDLESS, LimitError, "more than 1 seconds of processor time"),
    ("{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", LimitError, "4,194,304 characters"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", LimitError, "calls itself"),
    ("{% if x %}" * 30 + "{% endif %}" * 30, LimitError, "more than 24 statements"),
    ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", LimitError, "more than 24 statements or"),
    ("{{ " + "not " * 3000 + "x }}", LimitError, "nested too deeply"),
    ("{{ 1 / 0 }}", TemplateError, "ZeroDivisionError"),
    ("{{ x", TemplateError, "unexpected end of template"),
    ("{% nothing %}", TemplateError, "unknown tag 'nothing'"),
    ("{{ raise_exception('roles must alternate') }}", TemplateError, "roles must alternate"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "kind", "words"), HOSTILE)
def test_a_hostile_template_ends_in_a_located_error_and_spoils_no_other(
    sandbox, template, kind, words
):
    before = time.monotonic()
    with pytest.raises(kind) as caught:
        sandbox.render(LINES + template, name="own/report.md.j2")
    assert words in caught.value.message
    assert caught.value.advice
    assert caught.value.exit_code == 3
    place = caught.value.span
    assert place.file == "own/report.md.j2"
    # What ended the whole process, or left its frames, has no line of its own.
    assert place.start.line == 3 or kind is LimitError
    assert time.monotonic() - before < 8
    assert sandbox.render("{{ s }}") == "text"


def test_an_error_inside_an_included_template_names_that_one():
    with pytest.raises(MissingValueError) as caught:
        render("{% include 'b' %}", {}, name="a", others={"b": "\n{{ gone }}"})
    assert str(caught.value.span) == "b:2:1"


def test_waiting_has_an_end_too():
    limits = Limits(cpu_seconds=60, seconds=0.3)
    with Sandbox({}, limits) as sandbox:
        assert sandbox.render("a") == "a"
        with pytest.raises(LimitError, match=r"more than 0\.3 seconds"):
            sandbox.render(
                "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
            )
        assert sandbox.render("b") == "b"


def test_a_template_too_large_is_not_even_sent():
    with pytest.raises(LimitError, match="it has 300,000 characters"):
        render("a" * 300_000, {})


def test_a_missing_value_may_be_asked_about_where_the_rules_say_so():
    rules = Rules(missing=Missing.FALSE)
    template = "{% if m.gone and not m.also %}a{% elif m.gone == 1 %}b{% else %}c{% endif %}"
    assert render(template, VALUES, rules=rules) == "c"
    for wrong in ("{{ m.gone }}", "{{ m.gone.deeper }}", "{% for e in gone %}{% endfor %}"):
        with pytest.raises(MissingValueError):
            render(wrong, VALUES, rules=rules)


def test_filters_functions_and_finalize_are_those_that_we_name():
    rules = Rules(
        finalize=Function("builtins", "repr"),
        filters={"hexed": Function("builtins", "hex")},
        functions={"joined": Function("posixpath", "join", ("/base",))},
    )
    assert render("{{ joined('a') }} {{ 255 | hexed }}", {}, rules=rules) == "'/base/a' '0xff'"


def test_loops_can_be_left_where_the_rules_say_so():
    template = "{% for e in x %}{{ e }}{% break %}{% endfor %}"
    assert render(template, VALUES, rules=Rules(loop_controls=True)) == "1"


def test_nothing_of_the_environment_is_there(monkeypatch, tmp_path):
    (tmp_path / "jinja2.py").write_text("raise SystemExit\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert render("{{ 1 }}", {}) == "1"


def test_no_process_is_left(sandbox):
    with Sandbox({}) as other:
        other.render("a")
        pid = other._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


FRAGMENTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("{{ s }}", "{{ x", "}}", "{% if x %}", "{% endif %}", "{% for e in x %}{{ e }}"),
                *("{% endfor %}", "{% macro m(a) %}", "{% endmacro %}", "{{ m(1) }}", "{#", "#}"),
                *("{% raw %}", "{% endraw %}", "{{ x[5] }}", "{{ x | map('upper') | list }}"),
                *("{% set s = 3 %}", "{% set x = [x, x] %}", "{% include s %}", "{% extends s %}"),
                *("{{ s.format(x=x) }}", "{{ s ~ x }}", "{{ x * 999 }}", "{{ 9 ** 99 ** 9 }}"),
                *("{{ (s | list)[0].__doc__ }}", "{% call m() %}", "{% endcall %}", "{{ -x }}"),
                *(
                    "{% block a %}",
                    "{% endblock %}",
                    "{{ self.a() }}",
                    "{{ super() }}",
                    "\x00",
                    "é",
                ),
                *(
                    "{% with %}",
                    "{% endwith %}",
                    "{{ caller() }}",
                    "{% autoescape true %}",
                    "{{ []",
                ),
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FRAGMENTS)
def test_whatever_a_template_is_it_gives_a_text_or_a_located_error(template):
    found = outcome(template)
    if isinstance(found, TemplateError):
        assert (found.span.file, bool(found.advice)) == ("t", True)
    else:
        assert isinstance(found, str)


def outcome(template):
    try:
        return FUZZED.render(template, name="t")
    except TemplateError as error:
        return error


FUZZED = Sandbox(VALUES, Limits(cpu_seconds=1))


def teardown_module():
    FUZZED.close()


# The folder that templates come from


def test_a_folder_is_read_with_what_is_below_it(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "row.md.j2").write_text("row")
    (tmp_path / "status.md.j2").write_text("é")
    (tmp_path / "notes.txt").write_text("no template")
    assert read_folder(tmp_path, ".md.j2") == {"part/row.md.j2": "row", "status.md.j2": "é"}


def link_out(folder):
    outside = folder.parent / "outside.md.j2"
    outside.write_text("secret")
    (folder / "a.md.j2").symlink_to(outside)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (link_out, ForbiddenError, "a link that leads out of"),
        (lambda f: os.mkfifo(f / "a.md.j2"), ForbiddenError, "no plain file"),
        (lambda f: (f / "a.md.j2").symlink_to(f / "gone.md.j2"), TemplateError, "cannot be read"),
        (lambda f: (f / "a.md.j2").write_bytes(b"ab\xff"), TemplateError, "byte 2 is no UTF-8"),
        (lambda f: (f / "a.md.j2").write_text("a" * 300_000), LimitError, "262,144 characters"),
        (lambda f: (f / "a.md.j2").write_text("a" * 2_000_000), LimitError, "262,144 characters"),
        (
            lambda f: [(f / f"{n}.md.j2").write_text("") for n in range(65)],
            LimitError,
            "more than 64 templates",
        ),
    ],
)
def test_a_folder_that_holds_more_than_templates_is_refused(tmp_path, make, kind, words):
    folder = tmp_path / "templates"
    folder.mkdir()
    make(folder)
    with pytest.raises(kind, match=words) as caught:
        read_folder(folder, ".md.j2")
    assert caught.value.advice or kind is TemplateError


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        read_folder(tmp_path / "gone", ".md.j2")
