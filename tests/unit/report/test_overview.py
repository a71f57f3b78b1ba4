"""What stands over contracts: every number adds up, every answer names what gives it."""

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from pv.evidence.derive import derive_all
from pv.model.verdict import State
from pv.report.badge import badges
from pv.report.fields import records
from pv.report.overview import backends_of, tally
from pv.report.pages import Registry, shared
from pv.report.render import Renderer
from pv.report.whys import asking

CONTRACT = """\
metadata: {{ version: 1.1.0, kind: pattern, status: {status}, updated: 2026-05-02,
  description: d, references: [ a ] }}
changelog:
  - {{ version: 1.1.0, date: 2026-05-02, changes: [ "second (a / b)", more ] }}
  - {{ version: 1.0.0, date: 2026-05-01, changes: [ first ] }}
hypotheses:
  - {{ id: A1, claim: it grows, verdict: UNTESTED }}
  - {{ id: A2, claim: it shrinks, verdict: UNTESTED }}
falsification_tests:
  - id: FALSIFY-P-001
    rule: it grows
    prediction: p
    planned: {{ reason: nobody wrote it, since: 2026-05-01 }}
    decides: {{ A1: {{ HELD: CONFIRMED, REFUTED: FALSIFIED }} }}
    if_fails: the claim is wrong
lessons:
  - {{ id: L-1, text: look twice, incident: nobody looked, guard: teeth, test: tests/a.py::b }}
"""


@pytest.fixture
def planned(registry):
    (registry / "contracts" / "planned-v1.yaml").write_text(CONTRACT.format(status="ACTIVE"))
    return registry


def view_of(root):
    derived = derive_all(root, freshness="as recorded")
    return Registry.of(root, derived, PurePosixPath("docs"))


def section(registry, name, **context):
    with Renderer(shared(registry.view)) as renderer:
        return renderer.section(name, context, PurePosixPath("docs/a.md"))


def contract(registry, stem):
    return next(each for each in registry.view.contracts if each.stem == stem)


def test_a_tally_counts_each_falsifier_once(planned):
    found = view_of(planned)
    rows = section(found, "coverage").splitlines()[2:]
    assert rows == [
        "| [example-v1](contracts/example-v1.md) | 0 | 1 | 0 | 0 | 1 | 0 % |",
        "| [planned-v1](contracts/planned-v1.md) | 0 | 0 | 0 | 1 | 1 | 0 % |",
        "| [ship](contracts/ship.md) | 0 | 0 | 0 | 0 | 0 | none |",
        "| **all** | 0 | 1 | 0 | 1 | 2 | 0 % |",
    ]


@given(st.lists(st.sampled_from(list(State))))
def test_the_columns_of_a_tally_add_up(states):
    found = tally("", "", [SimpleNamespace(state=each) for each in states])
    columns = (found.discharged, found.partial, found.against, found.open)
    assert sum(map(int, columns)) == int(found.total) == len(states)


def test_the_landscape_says_what_decides_or_would(planned):
    text = section(view_of(planned), "hypotheses")
    assert "### Open: 2" in text
    assert (
        "| [A1](contracts/planned-v1.md) | it grows | UNTESTED | P-001 is PLANNED, would say "
        "CONFIRMED if HELD, FALSIFIED if REFUTED |" in text
    )
    assert "| [A2](contracts/planned-v1.md) | it shrinks | UNTESTED | nothing decides it |" in text
    assert "Falsified" not in text


def test_an_answered_hypothesis_names_verdict_and_receipt(registry):
    text = section(view_of(registry), "hypotheses")
    assert "### Confirmed: 1" in text
    receipt = r"\[EXAMPLE-001\]\(\.\./contracts/evidence/FALSIFY-EXAMPLE-001/\w+\.json\)"
    partial = ", on partial evidence of EXAMPLE-001"
    assert re.search(rf"\| ≠ CONFIRMED{partial} \| {receipt} HELD says CONFIRMED \|", text)


def test_whys_lead_from_the_status_to_a_limit_its_reason_and_its_faults(registry):
    found = contract(view_of(registry), "example-v1").whys
    assert [each.question for each in found] == [
        "Why does example-v1 stand at ACTIVE_ALGORITHM_LEVEL, where it claims ACTIVE?",
        "Why is EXAMPLE-001 PARTIAL_ALGORITHM_LEVEL?",
        "Why is its verdict HELD?",
        "Why that limit?",
        "Why believe that the limit can be missed?",
    ]
    assert "the limit is <= 1" in found[2].answer
    assert found[3].answer.startswith("the bound holds for every input")
    assert found[4].answer == "2 of 2 planted faults missed one in the same run of EXAMPLE-001"


def test_whys_without_a_run_end_with_what_would_move_it(planned):
    found = contract(view_of(planned), "planned-v1").whys
    assert [each.answer for each in found[1:]] == [
        "nobody wrote it",
        "the claim is wrong",
        "a test that can be bound to it, then pv discharge P-001 --record",
    ]


def test_the_history_is_one_line_newest_first(planned):
    found = view_of(planned)
    text = section(found, "history", contract=contract(found, "planned-v1"))
    assert text.splitlines() == [
        "**Document ID:** planned-v1",
        "**Status:** ACTIVE (derived ≠ PROPOSED)",
        "**Version:** 1.1.0",
        "**Date:** 2026-05-02 (v1.1.0 second (a / b); more) / 2026-05-01 (v1.0.0 first)",
    ]


BANNER = re.compile(
    r"\*\*Atomic next action \(v[\d.]+\):\*\* \*\*§\S+ — .+ \(\S+\)\*\*\."
    r"( \*\*\S+ ship %\*\*: (\*\*[^*]+( → [^*]+)?\*\*|unchanged at \*\*[^*]+\*\*) \([^)]+\)\.)+"
    r"( Spec v\S+ → \*\*v\S+\*\*\.)?"
    r" Coverage tally: (\d+\+\d+ → )?\*\*\d+\+\d+\*\*\."
)


def test_the_banner_names_the_largest_step_that_a_run_can_make(registry):
    (line,) = section(view_of(registry), "banner").splitlines()
    assert BANNER.fullmatch(line), line
    # AC-2 is worth 75 points, but no run of anything that exists could earn them.
    step = "EXAMPLE-001 is PARTIAL_ALGORITHM_LEVEL; it adds 25 points to MODEL-A"
    assert f"§AC-1 — the sum is right: {step} (undated)" in line
    assert "**MODEL-A ship %**: **0 %** (0 of 4 weighted, 2 open)." in line
    assert line.endswith("Coverage tally: **0+1**.")


def test_back_ends_are_those_whose_kernels_were_imported(planned):
    text = section(view_of(planned), "verification")
    # The example imports no kernel: its receipt is there, and no back-end is named for it.
    assert text.startswith("| contract | model |\n| --- | --- |\n| [example-v1](")

    def receipt(device, *sources):
        statement = {
            "subject": [{"name": f"source:kernels/{each}"} for each in sources],
            "predicate": {"environment": {"device": device}},
        }
        return SimpleNamespace(statement=statement)

    for device, sources, names in (
        ("cpu", ("a/reference.py", "a/case.py"), ["numpy"]),
        ("cpu", ("a/numpy_f32.py", "b/numba_cpu.py"), ["numpy", "numba"]),
        ("cpu", ("interface.py",), []),
        ("cuda-simulator", ("a/reference.py", "a/numba_cuda.py"), ["numpy", "cuda-simulator"]),
    ):
        assert backends_of(receipt(device, *sources)) == names


def test_lessons_stand_with_their_guard(planned):
    text = section(view_of(planned), "lessons")
    assert "| L-1 | look twice | nobody looked | `teeth` | `tests/a.py::b` |" in text


def test_falsifiers_of_one_contract_or_of_all(planned):
    found = view_of(planned)
    assert section(found, "falsifiers").count("\n| `") == 2
    one = section(found, "falsifiers", contract=contract(found, "planned-v1"))
    assert "| `P-001` | it grows | planned | 0 | 0 | A1 | PLANNED | – | – |" in one
    assert one.count("\n| `") == 1


@pytest.mark.parametrize(
    ("percent", "figure", "colour"),
    [
        (Fraction(100), "100 %", "#1f6f3f"),
        (Fraction(999, 10), "99.9 %", "#8a5a00"),
        (Fraction(99_996, 1000), "99.99 %", "#8a5a00"),
        (Fraction(0), "0 %", "#5d6670"),
        (None, "no eligible criterion", "#5d6670"),
    ],
)
def test_a_badge_shows_the_computed_figure(percent, figure, colour):
    models = [SimpleNamespace(id='M<1> & "x"', percent=percent)]
    (made,) = badges(models, "docs")
    assert made.path == "docs/badges/ship-m-1-x.svg"
    root = ET.fromstring(made.svg)
    assert root.attrib["aria-label"] == f'M<1> & "x" ship {figure}'
    assert colour in made.svg
    assert [made] == list(badges(models, "docs"))


def test_models_whose_names_are_alike_have_a_badge_each():
    models = [SimpleNamespace(id=each, percent=None) for each in ("MODEL-1", "model_1", "MODEL-2")]
    paths = {each.title: each.path for each in badges(models, "docs")}
    assert len(set(paths.values())) == 3
    again = {each.title: each.path for each in badges(models[::-1], "docs")}
    assert again == paths
    assert "docs/badges/ship-model-2.svg" in paths.values()


def test_every_field_that_templates_see_is_on_the_page():
    found = {each.name: each for each in records()}
    assert records()[0].name == "RegistryView"
    names = [each.name for each in found["RegistryView"].fields]
    assert {"contracts", "ship", "coverage", "landscape", "banners"} <= set(names)
    assert all(each.about for each in found.values())
    # A field of these names would be hidden by the method of a mapping in plain Jinja.
    assert not {each.name for one in found.values() for each in one.fields} & set(dir(dict))


ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
COUNTING = {"length", "count", "sum", "round", "int", "float", "max", "min", "abs"}


def templates():
    found = sorted((Path(__file__).parents[3] / "templates").rglob("*.j2"))
    assert len(found) > 15
    return found


@pytest.mark.parametrize("file", templates(), ids=lambda path: path.name)
def test_no_template_does_arithmetic(file):
    tree = jinja2.Environment().parse(file.read_text(encoding="utf-8"))  # noqa: S701 - parsed only
    assert list(tree.find_all(ARITHMETIC)) == []
    assert {each.name for each in tree.find_all(nodes.Filter)} & COUNTING == set()


@pytest.mark.parametrize(("live", "command"), [(False, "pv discharge X-1"), (True, "… --live")])
def test_the_command_that_asks_again_asks_for_the_model_where_there_is_one(live, command):
    said = asking(SimpleNamespace(id="FALSIFY-X-1", live=live))
    assert said == command.replace("…", "pv discharge X-1")
