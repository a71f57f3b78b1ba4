"""`pv report`: one page that needs nothing else, escapes everything, and works in a browser."""

import dataclasses
import html.parser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.evidence.audit import Listed
from pv.report import curve, graphs, layout, page
from pv.report.graph import Node, layered
from tests.unit.cli.history_repository import commit

ROOT = Path(__file__).parents[3]
FALSIFIER = """\
  - id: FALSIFY-P-{number:03}
    rule: {rule}
    prediction: it holds
    planned: {{ reason: "not written yet", since: 2026-05-01 }}
    decides: {{ A1: {{ HELD: CONFIRMED, REFUTED: FALSIFIED }} }}
    if_fails: it does not
    status: PLANNED
"""
HEAD = """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: pattern
  status: PROPOSED
  description: {description}
  references: [ {{ section: "1" }} ]
{depends}changelog:
  - {{ version: 1.0.0, date: 2026-05-01, changes: [ First version ] }}
hypotheses:
  - {{ id: A1, claim: "it is so", verdict: UNTESTED }}
lessons:
  - {{ id: L-1, text: look twice, incident: nobody looked, guard: teeth, test: "tests/a.py::b" }}
falsification_tests:
"""
HOSTILE = '"<script>alert(1)</script> & <b onclick=x> ]]> {{ title }} \\u202e \\u0007"'


def registry(root, count=1, falsifiers=3, rule="it holds", description="a page"):
    (root / "contracts").mkdir()
    for number in range(count):
        depends = f"depends_on: [c{number - 1}-v1]\n" if number else ""
        text = HEAD.format(description=description, depends=f"  {depends}" if depends else "")
        text += "".join(FALSIFIER.format(number=each, rule=rule) for each in range(falsifiers))
        (root / "contracts" / f"c{number}-v1.yaml").write_text(text.replace("P-", f"P{number}-"))
    return root


def pv(root, *words):
    return CliRunner().invoke(app, ["report", "--root", str(root), *words])


def written(root, *words):
    done = pv(root, *words)
    assert done.exit_code == 0, done.output
    return (root / ".pv" / "report" / "index.html").read_text(encoding="utf-8")


class Addresses(html.parser.HTMLParser):
    """Collects what a browser would fetch, and checks that tags close."""

    def __init__(self):
        super().__init__()
        self.fetched = []
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.fetched += [
            v for k, v in attrs if k in ("src", "data", "action") or (k == "href" and v[:1] != "#")
        ]
        if tag not in ("meta", "input", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def test_it_is_one_file_that_fetches_nothing_and_is_well_formed(tmp_path):
    text = written(registry(tmp_path))
    reader = Addresses()
    reader.feed(text)
    assert reader.fetched == []
    assert reader.open == []
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert len(text.encode()) < layout.LARGEST


def test_the_same_records_give_the_same_bytes(tmp_path):
    root = registry(tmp_path, count=2)
    assert written(root) == written(root)


def test_nothing_from_a_contract_becomes_markup(tmp_path):
    text = written(registry(tmp_path, rule=HOSTILE, description=HOSTILE))
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "<b onclick" not in text
    assert "{{ title }}" in text
    assert not re.search("[\u202e\u0007]", text)
    assert text.count("<script") == 1


def told_of(root):
    return page.content(root, local=False, since=None, history=0)


def left_out(text):
    return re.findall(r'<p class="soft">(Left out for size: [^<]*)</p>', text)


def test_a_registry_that_is_too_large_is_told_in_less_detail_and_the_page_says_which(tmp_path):
    root = registry(tmp_path, count=40, falsifiers=4)
    file = root / "contracts" / "c7-v1.yaml"
    file.write_text(file.read_text().replace("status: PLANNED", "status: DISCHARGED", 1))
    told = told_of(root)
    whole = layout.lay_out(told)
    assert left_out(whole) == []
    assert whole.count("<details data-group") == 40
    for most in (110_000, 60_000, 36_000):
        text = layout.lay_out(told, most)
        assert len(text.encode()) <= most
        # The one that claims more than it has comes first, in full.
        assert '<details data-group id="c7-v1">' in text
        lines, names = text.count("data-line"), re.search(r"(\d+) contracts by name", text)
        in_full = text.count("<details data-group")
        assert lines + in_full + int(names[1] if names else 0) == 40
        said = " ".join(left_out(text))
        assert (f"the falsifiers of {lines} contracts" in said) == bool(lines)
        assert (names is not None) == ("all but the names of" in said)


def test_what_is_left_out_of_each_kind_is_counted(tmp_path):
    told = told_of(registry(tmp_path, count=40, falsifiers=4))
    row = Listed("contracts/evidence/F/a.json", "HELD", "valid", "")
    bad = Listed("contracts/evidence/F/b.json", "HELD", "stale", "source: a")
    many = dataclasses.replace(told, evidence=(row,) * 500 + (bad,) * 5)
    text = layout.lay_out(many, 60_000)
    assert text.count("b.json") == 5
    kept = text.count("a.json")
    assert 0 < kept < 500
    assert f"Left out for size: {500 - kept} of 505 receipts, valid before any others" in text
    assert "500 valid" in text
    assert re.search(r"Left out for size: \d+ of 40 hypotheses, open before any others", text)


def test_a_page_that_has_no_room_for_names_says_so(tmp_path):
    told = told_of(registry(tmp_path, count=40, falsifiers=1))
    text = layout.lay_out(told, 1)
    assert "Left out for size: even the names of 40 contracts." in text


def test_what_changed_since_a_revision_is_told(tmp_path):
    root = registry(tmp_path)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(root)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    file = root / "contracts" / "c0-v1.yaml"
    file.write_text(file.read_text().replace("prediction: it holds", "prediction: it always holds"))
    assert "FALSIFY-P0-000 changed" in written(root, "--since", "HEAD")
    assert "no revision nowhere" in str(pv(root, "--since", "nowhere").exception)


def test_an_empty_registry_writes_nothing(tmp_path):
    (tmp_path / "contracts").mkdir()
    assert pv(tmp_path).exit_code == 3
    assert not (tmp_path / ".pv" / "report").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = pv(registry(tmp_path), "-o", str(tmp_path / "file" / "page.html"))
    assert "cannot be written" in str(done.exception)


def test_a_graph_lays_out_what_rests_on_what_from_left_to_right():
    nodes = [Node("a", "a"), Node("b", "b"), Node("c", "<c>")]
    drawn = layered("t", nodes, {"a": ["b", "gone"], "b": ["c"]})
    lefts = [float(x) for x in re.findall(r'<rect x="(\d+)"', drawn)]
    assert lefts == sorted(set(lefts))
    assert drawn.count('class="edge"') == 2
    assert "&lt;c&gt;" in drawn
    assert layered("t", nodes, {"a": ["b"], "b": ["a"]}).count('class="node"') == 3


def test_our_own_registry_has_every_part_on_its_page_within_its_size():
    told = page.content(ROOT, local=False, since=None, history=0)
    text = layout.lay_out(told)
    assert len(text.encode()) <= layout.LARGEST
    assert told.ship
    assert any("limit: within" in each.svg for each in told.view.charts)
    assert len(told.graphs) == 2
    assert told.evidence
    assert told.view.verification.rows
    assert told.view.lessons
    stories = [one.id for each in told.view.contracts for one in each.falsifiers]
    assert [each for each in stories if f'<details id="{each}"' not in text] == []
    for part in ("ship", "contracts", "hypotheses", "charts", "graph", "evidence", "lessons"):
        assert f'<section id="{part}">' in text
        assert f'href="#{part}"' in text
    assert "Left out" not in text
    assert text.count("Why it stands there") == len(told.view.contracts)


SHIP = """\
metadata: { version: 1.0.0, kind: ship, description: one model, references: [ a ] }
models:
  - id: MODEL-A
    name: a model
    criteria: [ { id: AC-1, criterion: c, gates: [FALSIFY-P0-001] } ]
"""


def test_the_ship_curve_is_drawn_from_commits_and_computed_once(tmp_path, monkeypatch):
    root = registry(tmp_path)
    assert "No curve over history" not in written(root)
    (root / "contracts" / "ship-v1.yaml").write_text(SHIP)
    assert "No curve over history" in written(root)
    assert "no history" in str(pv(root, "--history", "3").exception)
    first = commit(root, "first")
    (root / "contracts" / "c0-v1.yaml").write_text("metadata: [")
    commit(root, "a commit that nobody can read")
    (root / "contracts" / "ship-v1.yaml").write_text(SHIP + "# still\n")
    last = commit(root, "last")
    text = written(root)
    assert f"commits that touched a contract or a receipt, {first[:10]} to {last[:10]}" in text
    assert written(root, "--history", "0").count("<figure>") == 0
    monkeypatch.setattr(curve, "fleet_at", None)
    assert f"{first[:10]} to {last[:10]}" in written(root, "--history", "12")


def test_a_percentage_holds_until_the_commit_that_moves_it():
    assert curve._steps([(1.0, 0.0), (2.0, 0.0), (4.0, 50.0)]) == (
        (1.0, 2.0, 2.0, 4.0, 4.0),
        (0.0, 0.0, 0.0, 0.0, 50.0),
    )


def test_a_large_graph_shows_what_lies_nearest_to_a_difference_and_says_so(tmp_path):
    root = registry(tmp_path, count=100, falsifiers=1)
    file = root / "contracts" / "c90-v1.yaml"
    file.write_text(file.read_text().replace("status: PROPOSED", "status: DISCHARGED"))
    told = told_of(root)
    chain, _ = told.graphs
    assert ">c90-v1 1.0.0<" in chain
    assert ">c99-v1 1.0.0<" in chain
    assert ">c0-v1 1.0.0<" not in chain
    assert chain.count('class="node"') == 60
    assert "Left out of the graph: 40 of 100 contracts" in " ".join(told.notes)
    assert "Left out of the graph: 140 of 200 falsifiers and hypotheses" in " ".join(told.notes)


def test_the_nearest_are_found_in_parts_that_hang_together():
    names = dict.fromkeys("abcdef")
    edges = {"a": ["b"], "b": ["c"], "d": ["e"], "gone": ["a"]}
    assert graphs.nearest(names, edges, ["e"], 2) == {"d", "e"}
    assert graphs.nearest(names, edges, ["c", "gone"], 2) == {"b", "c"}
    assert graphs.nearest(names, edges, [], 99) == set("abcdef")
    assert graphs.nearest({}, {}, ["a"], 5) == set()


# In a browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
browser = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")


def dom(file, script, tmp_path, *more):
    """Return what the page is after a script has used it: clicks and keys, as a reader would."""
    used = tmp_path / "used.html"
    text = file.read_text(encoding="utf-8")
    used.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chr'}"]
    done = subprocess.run(
        [BROWSER, *options, *more, "--virtual-time-budget=2000", "--dump-dom", used.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return done.stdout


USE = """
const seen = [];
const say = (what) => seen.push(what + ": " + document.getElementById("shown").textContent);
const query = document.getElementById("query"), state = document.getElementById("state");
say("start");
document.dispatchEvent(new KeyboardEvent("keydown", { key: "/" }));
seen.push("focus: " + document.activeElement.id);
query.value = "p1-002"; query.dispatchEvent(new Event("input")); say("search");
const one = document.getElementById("c1-v1"), other = document.getElementById("c0-v1");
seen.push("open: " + one.open + " " + other.hidden);
query.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })); say("escape");
state.value = "PLANNED"; state.dispatchEvent(new Event("change")); say("state");
state.value = "≠"; state.dispatchEvent(new Event("change")); say("differs");
query.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
other.querySelector("summary").click();
seen.push("clicked: " + other.open);
document.title = seen.join(" | ");
"""


@browser
def test_a_reader_can_search_filter_and_open_with_mouse_and_keys(tmp_path):
    root = registry(tmp_path, count=2)
    written(root)
    found = dom(root / ".pv" / "report" / "index.html", USE, tmp_path)
    title = re.search(r"<title>(.*?)</title>", found)[1]
    assert title.split(" | ") == [
        "start: 6 falsifiers",
        "focus: query",
        "search: 1 of 6 falsifiers",
        "open: true true",
        "escape: 6 falsifiers",
        "state: 6 of 6 falsifiers",
        "differs: 0 of 6 falsifiers",
        "clicked: false",
    ]


NARROW = """
const names = document.getElementById("names"), query = document.getElementById("query");
const seen = [names.open + " " + (names.querySelector("p").textContent.split(" ").length > 5)];
query.value = "c3"; query.dispatchEvent(new Event("input"));
const left = names.querySelector("p").textContent.split(" ");
seen.push(names.open + " " + left.every((each) => each.includes("c3")));
query.value = "nowhere"; query.dispatchEvent(new Event("input"));
seen.push("hidden: " + names.hidden);
document.title = seen.join(" | ");
"""


@browser
def test_a_search_reaches_contracts_that_are_told_by_name_alone(tmp_path):
    told = told_of(registry(tmp_path, count=40, falsifiers=4))
    file = tmp_path / "small.html"
    sizes = range(24_000, 8_000, -500)
    pages = (layout.lay_out(told, most) for most in sizes)
    small = next(text for text in pages if re.search(r">[1-3]\d contracts by name alone", text))
    file.write_text(small, encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>", dom(file, NARROW, tmp_path))[1]
    assert title == "false true | true true | hidden: true"


THROUGH = """
const seen = [];
for (const link of document.querySelectorAll("nav a")) {
  link.click();
  const part = document.getElementById(link.hash.slice(1));
  seen.push(part.id + " " + (part.tagName === "SECTION" && part.textContent.trim().length > 20));
}
location.hash = "FALSIFY-P1-002";
dispatchEvent(new Event("hashchange"));
const one = document.getElementById("FALSIFY-P1-002");
seen.push("linked: " + one.open + " " + one.parentElement.closest("details").open);
const lesson = document.querySelector("#lessons summary");
lesson.click();
seen.push("lesson: " + lesson.parentElement.open);
const closed = () => document.querySelectorAll("details:not([open])").length;
const before = closed();
dispatchEvent(new Event("beforeprint"));
seen.push("print: " + closed());
dispatchEvent(new Event("afterprint"));
seen.push("after: " + (closed() === before));
const reached = [...document.querySelectorAll("a, summary, input, select")];
seen.push("keys: " + reached.every((each) => each.tabIndex === 0));
const root = document.documentElement;
seen.push("wide: " + (root.scrollWidth > root.clientWidth));
document.title = seen.join(" | ");
"""


@browser
@pytest.mark.parametrize("size", ["1200,900", "500,900"], ids=["desk", "phone"])
def test_a_reader_can_go_through_every_part_on_a_desk_and_on_a_phone(tmp_path, size):
    root = registry(tmp_path, count=2)
    (root / "contracts" / "ship-v1.yaml").write_text(SHIP)
    written(root)
    file = root / ".pv" / "report" / "index.html"
    found = dom(file, THROUGH, tmp_path, f"--window-size={size}")
    title = re.search(r"<title>(.*?)</title>", found)[1]
    parts = ["ship", "contracts", "hypotheses", "charts", "graph", "evidence", "lessons"]
    assert title.split(" | ") == [
        *(f"{part} true" for part in parts),
        "linked: true true",
        "lesson: true",
        "print: 0",
        "after: true",
        "keys: true",
        "wide: false",
    ]
