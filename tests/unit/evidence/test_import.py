"""`pv evidence import`: results from elsewhere are foreign evidence, never more, never guessed."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pv.bindings.resolve import Resolver
from pv.cli.main import app
from pv.errors import PvError
from pv.evidence.foreign.case import Case, Ending
from pv.evidence.foreign.junit import read_junit
from pv.evidence.foreign.matching import match
from pv.evidence.foreign.record import read_results
from pv.registry.contracts import load_contracts

HEAD = """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: pattern
  status: PROPOSED
  description: questions that others answer
  references: [ { section: "1" } ]
changelog:
  - { version: 1.0.0, date: 2026-05-01, changes: [ First version ] }
falsification_tests:
"""
ENTRY = """\
  - id: FALSIFY-I-{number:03d}
    rule: it holds
    prediction: it holds
    if_fails: it does not
    {binding}
"""
BINDINGS = {
    1: "pytest: tests/test_a.py::test_one",
    2: "pytest: tests/test_a.py::TestC::test_two[x-1]",
    3: "cargo: { package: my-crate, filter: 'norm::tests::zero' }",
    4: "external: { repository: there, reference: 'deep::tests::far' }",
    5: "test: cargo test -p my-crate --test chain -- --ignored",
    6: "external: { repository: there, reference: lonely_name }",
    7: "command: [cargo, nextest, run, -p, other-crate, 'softmax']",
    8: "planned: { reason: later, since: 2026-05-01, until: 2027-05-01 }",
}
JUNIT = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2026-05-06T07:08:09" tests="9">
  <testcase classname="tests.test_a" name="test_one" time="0.1"/>
  <testcase classname="tests.test_a.TestC" name="test_two[x-1]"/>
  <testcase classname="tests.test_a.TestC" name="test_two[x-2]"><failure message="no"/></testcase>
  <testcase classname="tests.test_a" name="test_one_more"><failure message="no"/></testcase>
</testsuite></testsuites>
"""
NEXTEST = """\
{"type":"suite","event":"started","test_count":4}
{"type":"test","event":"started","name":"my-crate$norm::tests::zero"}
{"type":"test","event":"ok","name":"my-crate$norm::tests::zero"}
{"type":"test","event":"ok","name":"my-crate::chain$every_layer"}
{"type":"test","event":"failed","name":"my-crate::chain$one_layer","stdout":"left: 1"}
{"type":"test","event":"ok","name":"there::bin/x$deep::tests::far"}
{"type":"test","event":"ignored","name":"other-crate$softmax::lonely_name"}
{"type":"suite","event":"failed","passed":3,"failed":1}
"""
LIBTEST = """\
   Compiling my-crate v0.1.0
{ "type": "suite", "event": "started", "test_count": 2 }
{ "type": "test", "name": "norm::tests::zero", "event": "ok" }
{ "type": "test", "name": "not_lonely_name", "event": "ok" }
{ "type": "suite", "event": "ok", "passed": 2, "failed": 0 }
"""


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "contracts").mkdir()
    entries = "".join(ENTRY.format(number=n, binding=text) for n, text in BINDINGS.items())
    (tmp_path / "contracts/i-v1.yaml").write_text(HEAD + entries)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text(
        "def test_one():\n    pass\n\n\nclass TestC:\n    def test_two(self, x):\n        pass\n"
    )
    return tmp_path


def pv(root, *words):
    return CliRunner().invoke(app, [*words, "--root", str(root)])


def imported(root, name, text, *words):
    file = root / name
    file.write_text(text)
    return pv(root, "evidence", "import", str(file), *words)


def outcomes(done):
    data = json.loads(done.output)
    return (
        {each["falsifier"][-3:]: each["verdict"] for each in data["imported"]},
        data["unmapped"],
        data["exit_code"],
    )


UNANSWERED = (
    '<testsuite><testcase classname="tests.test_a" name="test_one"><error/></testcase>'
    '<testcase classname="tests.test_a.TestC" name="test_two[x-1]"><skipped/></testcase>'
    "</testsuite>"
)
FILES = {
    "pytest": (
        "r.xml",
        JUNIT,
        {"001": "HELD", "002": "HELD"},
        ["tests.test_a.TestC.test_two[x-2]", "tests.test_a.test_one_more"],
        0,
    ),
    "nextest": (
        "r.json",
        NEXTEST,
        {"003": "HELD", "004": "HELD", "005": "REFUTED"} | {"006": None, "007": None},
        [],
        1,
    ),
    "libtest": ("r.jsonl", LIBTEST, {"003": "HELD"}, ["not_lonely_name"], 0),
    "nothing mapped": (
        "r.xml",
        '<testsuite name="x"><testcase name="other"/></testsuite>',
        {},
        ["x::other"],
        3,
    ),
    "errors and skips": (
        "r.xml",
        UNANSWERED,
        {"001": None, "002": None},
        [],
        3,
    ),
}


@pytest.mark.parametrize(("name", "text", "wanted", "unmapped", "code"), FILES.values(), ids=FILES)
def test_results_answer_the_falsifiers_that_name_their_tests(
    name, text, wanted, unmapped, code, registry
):
    done = imported(registry, name, text, "--format", "json")
    assert outcomes(done) == (wanted, unmapped, code), done.output
    assert done.exit_code == code
    told = imported(registry, name, text)
    assert f"{len(unmapped)} tests unmapped (exit {code})" in told.output
    assert all(each in told.output.replace("\n", "").replace("  ", "") for each in unmapped)


def test_foreign_evidence_is_marked_everywhere_and_never_discharges(registry):
    done = imported(registry, "r.json", NEXTEST, "--record", "--by", "the build server")
    assert done.exit_code == 1
    listed = pv(registry, "evidence", "list").output
    assert listed.count("foreign") == 3
    verified = pv(registry, "evidence", "verify")
    assert (verified.exit_code, verified.output) == (0, "3 foreign (exit 0)\n")
    data = json.loads(pv(registry, "status", "--format", "json").output)
    found = {each["id"][-3:]: each for each in data["contracts"][0]["falsifiers"]}
    assert found["004"]["state"] == "PARTIAL_ALGORITHM_LEVEL"
    assert found["004"]["receipt"]["level"] == "FOREIGN"
    assert "nothing ran here" in "; ".join(found["004"]["reasons"])
    assert not {each["state"] for each in found.values()} & {"DISCHARGED"}
    shown = pv(registry, "evidence", "show", found["004"]["receipt"]["id"]).output
    predicate = json.loads(shown)["predicate"]
    assert predicate["origin"] == {"by": "the build server", "source": "r.json"}
    assert predicate["given"] == [{"ended": "passed", "test": "there::bin/x::deep::tests::far"}]
    names = [each["name"] for each in json.loads(shown)["subject"]]
    assert names == ["falsifier:FALSIFY-I-004", "file:r.json"]


def test_the_same_file_twice_is_one_receipt_and_its_day_is_that_of_the_run(registry):
    for _ in range(2):
        imported(registry, "r.xml", JUNIT, "--record")
    files = list((registry / "contracts/evidence").rglob("*.json"))
    assert len(files) == 2
    runs = {json.loads(each.read_text())["predicate"]["run"]["started"] for each in files}
    assert runs == {"2026-05-06T00:00:00Z"}


BLOCKS = {
    "I-001": ("result: FALSIFIED", 'evidence: "Run 1: collapse"'),
    "I-002": ("status_v1_2_0: PASS", 'evidence_v1_2_0: "in band"'),
    "I-003": ('result: "PASS — verified in 0.4.33"',),
    "I-004": ('result: "PARTIAL PASS (2026-03-13): some"',),
    "I-005": ("status: DISCHARGED",),
    "I-006": ("status: DISCHARGED", "evidence: [contracts/evidence/x.json]"),
    "J-001": ("result: PASS", "evidence: seen"),
}


def blocks(*names):
    return HEAD + "".join(
        f"  - id: FALSIFY-{name}\n    rule: r\n    prediction: p\n    test: t\n    if_fails: f\n"
        + "".join(f"    {line}\n" for line in BLOCKS[name])
        for name in names
    )


def test_blocks_that_authors_wrote_are_read_as_what_they_say(registry):
    done = imported(registry, "theirs.yaml", blocks(*BLOCKS), "--format", "json")
    wanted = {"001": "REFUTED", "002": "HELD", "003": "HELD", "004": None}
    assert outcomes(done) == (wanted, ["FALSIFY-J-001 of theirs"], 1)
    local = pv(registry, "evidence", "list", "--local").output
    assert local.count("foreign") == 3
    data = json.loads(pv(registry, "status", "--local", "--format", "json").output)
    states = {each["id"][-3:]: each for each in data["contracts"][0]["falsifiers"]}
    assert states["001"]["state"] == "REFUTED"
    assert states["003"]["state"] == "PROPOSED"  # its reference leads to no test here
    assert "foreign, not counted: 1 passed elsewhere" in "; ".join(states["003"]["reasons"])


@pytest.mark.parametrize(
    "result",
    [
        *("FALSIFIED in 3 of 10 runs", "FAIL 3/10", "{ verdict: FAIL }", "false", "NOT PASSED"),
        *("7", "PASS (not really)", "PASS.not", "PASS, nearly", "PASS-ish", '"PASS?"', '""'),
    ],
)
def test_what_a_block_claims_is_no_answer_where_its_result_is_no_word(result, registry):
    entry = ENTRY.format(number=1, binding=f"test: t\n    result: {result}")
    text = f"{HEAD}{entry}    status: DISCHARGED\n    evidence: seen\n"
    assert outcomes(imported(registry, "theirs.yaml", text, "--format", "json"))[0] == {"001": None}


VERSIONS = {
    "the newest counts, and what it overrules is told": (
        ("status_v1_2_0: PASS", "status_v1_10_0: FAIL", "status_v1_9: PASS"),
        "REFUTED",
        "status_v1_10_0 overrules status_v1_9: PASS, status_v1_2_0: PASS; seen",
    ),
    "whatever their order": (
        ("status_v1_10_0: FAIL", "status_v1_2_0: PASS"),
        "REFUTED",
        "status_v1_10_0 overrules status_v1_2_0: PASS; seen",
    ),
    "those that agree are one": (("status_v1: PASS", "status_v2: DISCHARGED"), "HELD", '("seen")'),
    "one without a version may be older or newer": (
        ("status: PASS", "status_v1_2_0: FAIL"),
        None,
        "status_v1_2_0 says otherwise than status: PASS; seen",
    ),
    "two of one version are at odds": (
        ("status_v1_2: PASS", "status_v1_2_0: FAIL"),
        None,
        "status_v1_2 says otherwise than status_v1_2_0: FAIL; seen",
    ),
    "evidence of an older version is none of a newer outcome": (
        ("status_v2: PASS", "status_v1: FAIL", "evidence_v1: old", "evidence_v2: new"),
        "HELD",
        "status_v2 overrules status_v1: FAIL; new",
    ),
}


@pytest.mark.parametrize(("lines", "verdict", "said"), VERSIONS.values(), ids=VERSIONS)
def test_an_outcome_in_several_versions_is_the_newest_and_never_silently(
    lines, verdict, said, registry
):
    shown = () if "evidence_v1" in "".join(lines) else ("evidence: seen",)
    more = "".join(f"    {each}\n" for each in (*lines, *shown))
    text = f"{HEAD}{ENTRY.format(number=1, binding='test: t')}{more}"
    done = imported(registry, "theirs.yaml", text, "--format", "json")
    assert outcomes(done)[0] == {"001": verdict}
    (row,) = json.loads(done.output)["imported"]
    assert said in row["headline"]


def test_an_outcome_whose_evidence_is_of_another_version_is_a_word_alone(registry):
    more = "    status_v2: PASS\n    evidence_v1: old\n"
    text = f"{HEAD}{ENTRY.format(number=1, binding='test: t')}{more}"
    done = imported(registry, "theirs.yaml", text)
    assert "no falsifier has an outcome with evidence" in str(done.exception)


def test_what_pytest_writes_is_read(registry):
    (registry / "tests/test_a.py").write_text(
        "import pytest\n\n\ndef test_one():\n    pass\n\n\nclass TestC:\n"
        "    @pytest.mark.parametrize('x', ['x-1', 'y'])\n"
        "    def test_two(self, x):\n        assert x != 'x-1'\n"
    )
    written = registry / "written.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_a.py"]
    done = subprocess.run(
        [*command, "--rootdir=.", f"--junitxml={written}"],
        cwd=registry,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 1, done.stdout
    found = pv(registry, "evidence", "import", str(written), "--format", "json")
    wanted = {"001": "HELD", "002": "REFUTED"}
    assert outcomes(found) == (wanted, ["tests.test_a.TestC.test_two[y]"], 1)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite name="&b;"/>'
REFUSED = {
    "a document type": ("r.xml", BOMB, "a document type is declared"),
    "an outer entity": (
        "r.xml",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite>&e;</testsuite>',
        "a document type is declared",
    ),
    "an unknown entity": ("r.xml", "<testsuite>&x;</testsuite>", "undefined entity"),
    "deep elements": ("r.xml", "<testsuite>" * 70 + "</testsuite>" * 70, "at most 64"),
    "other XML": ("r.xml", "<html/>", "<html> is the first element"),
    "cut XML": ("r.xml", JUNIT[:300], "no sound XML"),
    "a strange encoding": (
        "r.xml",
        '<?xml version="1.0" encoding="none"?><testsuite/>',
        "no sound XML",
    ),
    "no test": ("r.xml", "<testsuites/>", "tells of no test"),
    "a case without a name": ("r.xml", "<testsuite><testcase/></testsuite>", "has no name"),
    "cut JSON": ("r.json", NEXTEST[:230], "no JSON"),
    "a cut run": ("r.json", NEXTEST.rsplit("\n", 2)[0], "1 suites began and did not end"),
    "a run that is cut after the end of another": (
        "r.json",
        '{"type": "suite", "event": "ok"}\n' + NEXTEST.rsplit("\n", 2)[0],
        "1 suites began and did not end",
    ),
    "an event that is no word": (
        "r.json",
        '{"type": "test", "event": [], "name": "x"}',
        "event []",
    ),
    "other JSON": ("r.json", '{"type": "test", "event": "odd", "name": "x"}', "event 'odd'"),
    "nothing": ("r.json", "", "tells of no test"),
    "no contract": ("r.yaml", "- 1", "no contract"),
    "a contract without blocks": (
        "r.yaml",
        blocks("I-005"),
        "no falsifier has an outcome",
    ),
}


@pytest.mark.parametrize(("name", "text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_result_is_refused_by_name(name, text, said, registry):
    done = imported(registry, name, text)
    assert isinstance(done.exception, PvError), done.exception
    assert said in str(done.exception)
    assert done.exception.exit_code == 3
    assert not (registry / ".pv/receipts").exists()


def test_a_file_that_is_missing_large_or_of_tomorrow_is_refused(registry, monkeypatch):
    missing = pv(registry, "evidence", "import", str(registry / "none.xml"))
    assert "no file" in str(missing.exception)
    later = imported(registry, "r.xml", JUNIT.replace("2026-05-06", "2999-05-06"))
    assert "expected no day after today" in str(later.exception)
    monkeypatch.setattr("pv.evidence.foreign.case.LARGEST", 10)
    assert "more than 10 bytes" in str(imported(registry, "r.xml", JUNIT).exception)


@given(st.binary(max_size=200), st.sampled_from(["r.xml", "r.json", "r.yaml"]))
def test_no_bytes_are_a_traceback(tmp_path_factory, data, name):
    file = tmp_path_factory.getbasetemp() / name
    file.write_bytes(data)
    with suppress(PvError):
        read_results(file)


@given(st.integers(0, len(JUNIT) - 1), st.integers(1, 255))
def test_no_flipped_byte_of_a_result_is_a_traceback(at, mask):
    data = bytearray(JUNIT.encode())
    data[at] ^= mask
    with suppress(PvError):
        read_junit(bytes(data), Path("r.xml"))


CASES = [
    ("tests/test_a.py::test_one", Case("tests.test_a.test_one[3]", Ending.PASSED), True),
    ("tests/test_a.py::test_one", Case("other.tests.test_a.test_one", Ending.PASSED), False),
    ("a::b::c", Case("x::a::b::c", Ending.PASSED), True),
    ("a::b::c", Case("xa::b::c", Ending.PASSED), False),
    ("b::c", Case("c", Ending.PASSED, "a::b"), True),
    ("cargo test -p k far -- --exact", Case("far", Ending.PASSED, "k"), True),
    ("cargo test -p k far -- --exact", Case("far_off", Ending.PASSED, "k"), False),
    ("cargo test -p k far", Case("far_off", Ending.PASSED, "k"), True),
    ("cargo test -p k far", Case("far", Ending.PASSED, "kk"), False),
    ("cargo test -p k far -- --skip far_off", Case("far_off", Ending.PASSED, "k"), False),
    ("cargo test -p k --test chain", Case("any", Ending.PASSED, "k::chain"), True),
    ("cargo test -p k --test chain", Case("any", Ending.PASSED, "k::other"), False),
    ("cargo test -p k --test chain", Case("any", Ending.PASSED), False),
    ("cargo test -p k", Case("any", Ending.PASSED, "k"), False),
    ("somebody looks at it", Case("somebody", Ending.PASSED), False),
    ("pytest tests/test_a.py::test_one -k x", Case("tests.test_a.test_one", Ending.PASSED), False),
]


@pytest.mark.parametrize(("text", "case", "meets"), CASES)
def test_a_reference_meets_what_it_would_run(text, case, meets, tmp_path):
    (tmp_path / "contracts").mkdir()
    entry = ENTRY.format(number=1, binding=f"test: {json.dumps(text)}")
    (tmp_path / "contracts/i-v1.yaml").write_text(HEAD + entry)
    contracts = [each.contract for each in load_contracts(tmp_path)]
    answers, rest = match(contracts, [case], Resolver(tmp_path))
    assert (len(answers), len(rest)) == ((1, 0) if meets else (0, 1))


SHIP = """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: ship
  status: PROPOSED
  description: one model
  references: [ { section: "1" } ]
changelog:
  - { version: 1.0.0, date: 2026-05-01, changes: [ First version ] }
models:
  - id: MODEL-1
    name: one
    base: 0
    criteria:
      - { id: AC-1, criterion: far, weight: 1, gates: [FALSIFY-I-004] }
"""


def test_what_holds_elsewhere_stands_in_the_foreign_column_and_in_the_report(registry):
    (registry / "contracts/ship-v1.yaml").write_text(SHIP)
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "the questions"]):
        subprocess.run(["git", *who, "-C", str(registry), *words], check=True)  # noqa: S607 - on PATH
    imported(registry, "r.json", NEXTEST, "--record", "--by", "the build server")
    (model,) = json.loads(pv(registry, "ship", "--format", "json").output)["models"]
    (criterion,) = model["criteria"]
    assert (float(model["percent"]), criterion["state"]) == (0, "PARTIAL_ALGORITHM_LEVEL")
    assert criterion["foreign"] == "DISCHARGED"
    page = registry / "page.html"
    assert pv(registry, "report", "-o", str(page)).exit_code == 0
    assert "the build server" in page.read_text()
    assert "foreign" in page.read_text()
