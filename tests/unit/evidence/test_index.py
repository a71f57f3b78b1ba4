"""The index of receipts: the files are the truth, and every way to say otherwise is noticed."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv import stamps
from pv.cli.main import app
from pv.evidence.index import Index
from pv.evidence.receipt import load, write_receipt
from pv.evidence.store import Damaged, read_file, read_folder
from pv.model.receipt import Comparison
from pv.model.verdict import Level, Verdict

ROOT = Path(__file__).parents[3]
ID = "FALSIFY-TOY-001"


@pytest.fixture(autouse=True)
def _old(monkeypatch):
    """Let files count as old, so that their stamps tell every change."""
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**18))


@pytest.fixture
def write(home, make_outcome):
    def one(verdict=Verdict.HELD, **changes):
        sources = {"falsifiers/toy.py": hashlib.sha256(home.harness.read_bytes()).hexdigest()}
        outcome = make_outcome(verdict, sources=sources, **changes)
        return home.root / write_receipt(
            home.root, home.contract, home.falsifier, outcome, "c" * 40, record=True
        )

    return one


def through(home):
    """Return what a reader with an index gets, and what one without gets."""
    index = Index(home.root)
    with_index = load(home.root, home.contract, local=True, read=index.read)
    index.save()
    return with_index, load(home.root, home.contract, local=True)


def plain(evidence):
    views = [
        (each.path, each.verdict, each.level, each.model, each.post_hoc, each.stale, each.local)
        for each in evidence.receipts
    ]
    statements = [
        json.loads(json.dumps(each.statement, default=dict)) for each in evidence.receipts
    ]
    return views, statements, evidence.damaged


def forge(path, change):
    """Write a changed statement under the name that its bytes ask for."""
    data = json.loads(path.read_bytes())
    change(data)
    text = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    path.unlink()
    path.with_name(f"{hashlib.sha256(text).hexdigest()[:16]}.json").write_bytes(text)


FAULTS = [
    lambda p: p.write_bytes(p.read_bytes()[:-3]),
    lambda p: p.unlink(),
    lambda p: p.rename(p.with_name("0" * 16 + ".json")),
    lambda p: (p.rename(p.parent.parent / "x"), p.symlink_to("../x")),
    lambda p: forge(p, lambda data: data["predicate"].update(verdict="REFUTED")),
    lambda p: forge(p, lambda data: data["predicate"].pop("level")),
    lambda p: forge(p, lambda data: data.update(subject=[{"name": "x"}])),
    lambda p: forge(p, lambda data: data["predicate"].update(falsifier="other")),
]


@pytest.mark.parametrize("fault", [lambda p: None, *FAULTS])
def test_a_reader_with_an_index_is_told_what_the_files_say(fault, home, write):
    first, _ = write(), write(headline="another")
    through(home)
    fault(first)
    for _ in range(2):  # first read anew, then from the row
        with_index, without = through(home)
        assert plain(with_index) == plain(without)
        assert list(Index(home.root).differences()) == []


def test_what_the_machine_refused_once_is_read_again(home, write, monkeypatch):
    write()

    def refuse(path):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("pv.evidence.store._bytes_of", refuse)
        with_index, _ = through(home)
        assert [each.reason for each in with_index.damaged] == [
            "cannot be read: Too many open files"
        ]
    with_index, without = through(home)
    assert plain(with_index) == plain(without)
    assert with_index.receipts


def test_what_a_row_knows_is_not_read_again_and_long_parts_are_read_when_asked_for(
    home, write, monkeypatch
):
    write(parameters={"step": 1.0, "text": "x" * 5_000})
    through(home)
    read = []

    def spy(root, path, falsifier):
        read.append(path)
        return next(read_folder(root, falsifier, record=True))

    monkeypatch.setattr("pv.evidence.index.read_file", spy)
    index = Index(home.root)
    (view,) = load(home.root, home.contract, local=False, read=index.read).receipts
    assert view.statement["predicate"]["headline"] == "growth 1 <= 2"
    assert read == []
    assert len(view.statement["predicate"]["parameters"]["text"]) == 5_000
    assert view.statement["_type"].startswith("https://in-toto.io/")
    assert len(read) == 2
    with pytest.raises(KeyError):
        view.statement["predicate"]["no such part"]


def test_a_young_file_is_read_each_time(home, write, monkeypatch):
    monkeypatch.setattr(stamps, "SETTLED_NS", 10**18)
    write()
    through(home)
    assert not Index(home.root).rows


def spoil_header(path):
    path.write_bytes(b"no database" + path.read_bytes()[11:])


def spoil_middle(path):
    data = bytearray(path.read_bytes())
    at = data.index(b"growth 1")
    data[at] ^= 1
    path.write_bytes(data)


def spoil_row(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE receipts SET verdict = 'REFUTED'")
    connection.close()


def spoil_table(path):
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE receipts")
    connection.close()


@pytest.mark.parametrize("spoil", [spoil_header, spoil_middle, spoil_row, spoil_table])
def test_a_damaged_index_is_not_believed_and_made_again(spoil, home, write):
    write()
    through(home)
    spoil(Index(home.root).path)
    assert not Index(home.root).rows
    with_index, without = through(home)
    assert plain(with_index) == plain(without)
    assert len(Index(home.root).rows) == 1


def test_a_forged_row_with_a_right_checksum_is_found_by_verify(home, write):
    from pv.tables import checked

    write()
    through(home)
    index = Index(home.root)
    (row,) = index.rows.values()
    columns = ", ".join(row._fields)
    with sqlite3.connect(index.path) as connection:
        connection.executemany(
            f"INSERT OR REPLACE INTO receipts ({columns}, checksum) VALUES (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - its own columns
            checked([row._replace(verdict="REFUTED")]),
        )
    connection.close()
    done = run(home, "verify")
    assert (done.exit_code, "1 wrong (exit 1)" in done.output) == (1, True)
    assert run(home, "rebuild").exit_code == 0
    assert run(home, "verify").exit_code == 0


def run(home, *words):
    return CliRunner().invoke(app, ["index", *words, "--root", str(home.root)])


def test_rebuild_gives_the_answers_of_the_files(home, write):
    write()
    write(Verdict.HELD, headline="another")
    (home.root / "contracts/evidence" / ID / ("0" * 16 + ".json")).write_text("{}")
    before = run(home, "status").output
    assert "0 rows, 3 receipts to be read again" in before
    assert "3 receipts read, 3 kept" in run(home, "rebuild").output
    data = json.loads(run(home, "status", "--format", "json").output)
    assert (data["rows"], data["to_be_read"], data["of_no_file"]) == (3, 0, 0)
    with_index, without = through(home)
    assert plain(with_index) == plain(without)
    assert len(with_index.damaged) == 1
    rows = Index(home.root).rows
    Index(home.root).path.unlink()
    run(home, "rebuild")
    assert Index(home.root).rows == rows


def test_an_index_of_nothing_is_no_success(home):
    assert run(home, "rebuild").exit_code == 3
    assert run(home, "verify").exit_code == 3


def test_an_index_without_a_row_that_counts_was_not_compared(home, write):
    path = write()
    done = run(home, "verify")
    assert done.exit_code == 3
    assert "0 rows compared, 0 wrong, 1 receipts that no row counts for (exit 3)" in done.output
    assert "do: pv index rebuild" in done.output
    run(home, "rebuild")
    done = run(home, "verify")
    assert (done.exit_code, done.output) == (0, "1 rows compared, 0 wrong (exit 0)\n")
    path.write_bytes(path.read_bytes())
    assert run(home, "verify").exit_code == 3
    data = json.loads(run(home, "verify", "--format", "json").output)
    assert (data["compared"], data["to_be_read"], data["exit_code"]) == (0, 1, 3)


def test_a_place_that_cannot_be_written_costs_only_time(home, write):
    write()
    (home.root / ".pv").write_text("no folder")
    with_index, without = through(home)
    assert plain(with_index) == plain(without)


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from pv import stamps
from pv.evidence.index import Index
from pv.evidence.receipt import load
from pv.evidence.store import read_folder, write
from pv.registry.contracts import load_contracts
stamps.SETTLED_NS = -(10**18)
root, number = Path(sys.argv[1]), sys.argv[2]
(stored,) = [each for each in read_folder(root, "FALSIFY-TOY-001", record=True)][:1]
statement = dict(stored.statement)
(loaded,) = load_contracts(root)
for n in range(8):
    predicate = {**statement["predicate"], "headline": f"writer {number} run {n}"}
    path = write(root, "FALSIFY-TOY-001", {**statement, "predicate": predicate}, record=True)
    index = Index(root)
    found = load(root, loaded.contract, local=False, read=index.read)
    assert not found.damaged, found.damaged
    assert path in {each.path for each in found.receipts}
    index.save()
"""


def test_eight_writers_with_readers_beside_them_lose_and_mix_nothing(home, write):
    write()
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(home.root)]
    children = [
        subprocess.Popen([*command, str(number)], cwd=ROOT, stderr=subprocess.PIPE)
        for number in range(8)
    ]
    readings = 0
    while any(child.poll() is None for child in children):
        assert list(Index(home.root).differences()) == []
        readings += 1
        time.sleep(0.05)
    complaints = [child.communicate()[1].decode() for child in children]
    assert [child.returncode for child in children] == [0] * 8, complaints
    assert readings > 0
    with_index, without = through(home)
    assert plain(with_index) == plain(without)
    assert len(without.receipts) == 1 + 8 * 8
    written = sorted(each.path for each in without.receipts)
    assert sorted(Index(home.root).rows) == written
    Index(home.root).rebuild()
    assert sorted(Index(home.root).rows) == written


def test_two_branches_that_answer_one_question_merge_without_conflict(home, write):
    home.start()
    home.commit("the question")
    for branch, device in (("left", "one"), ("right", "other")):
        home.git("checkout", "-q", "-b", branch, "main")
        write(headline=f"growth 1 <= 2 on {device}", environment={"machine": device})
        home.commit(f"answer of {branch}", "contracts/evidence")
    home.git("checkout", "-q", "main")
    for branch in ("left", "right"):
        home.git("merge", "-q", "--no-edit", branch)
    assert home.git("status", "--porcelain", "contracts") == ""
    found = load(home.root, home.contract, local=False)
    assert [each.verdict for each in found.receipts] == [Verdict.HELD] * 2
    assert not any(each.stale or each.post_hoc for each in found.receipts)
    assert found.damaged == ()


def test_of_two_merged_answers_that_differ_the_worst_counts(home, write):
    from pv.evidence.derive import derive
    from pv.model.verdict import State

    home.start()
    home.commit("the question")
    home.git("checkout", "-q", "-b", "left", "main")
    write()
    home.commit("it held", "contracts/evidence")
    home.git("checkout", "-q", "-b", "right", "main")
    missed = Comparison("growth", "<=", 2.0, None, 3.0, False, 3.0, None, "by construction")
    write(Verdict.REFUTED, comparisons=(missed,))
    home.commit("it did not", "contracts/evidence")
    home.git("merge", "-q", "--no-edit", "left")
    (falsifier,) = derive(home.contract, home.root).falsifiers
    assert falsifier.state is State.REFUTED
    assert {each.verdict for each in falsifier.receipts} == {Verdict.HELD, Verdict.REFUTED}


@pytest.mark.parametrize("count", [0, 3])
def test_folders_and_damage_come_through_the_index_in_the_same_order(count, home, write):
    for number in range(count):
        write(headline=f"{number}")
    (home.root / "contracts/evidence" / ID).mkdir(parents=True, exist_ok=True)
    (home.root / "contracts/evidence" / ID / "notes.txt").write_text("a note")
    index = Index(home.root)
    found = list(read_folder(home.root, ID, record=True, read=index.read))
    assert [each.path for each in found] == [
        each.path for each in read_folder(home.root, ID, record=True)
    ]
    assert sum(isinstance(each, Damaged) for each in found) == 1


def test_every_flipped_byte_of_a_set_of_receipts_is_caught_with_and_without_an_index(home, write):
    missed = Comparison("growth", "<=", 2.0, None, 3.0, False, 3.0, None, "by construction")
    paths = [
        write(),
        write(Verdict.REFUTED, comparisons=(missed,)),
        write(headline="é", level=Level.SYNTHETIC, model=None),
    ]
    through(home)
    caught = 0
    for path in paths:
        sound = path.read_bytes()
        for at in range(len(sound)):
            broken = bytearray(sound)
            broken[at] ^= 1 << at % 8
            path.write_bytes(broken)
            assert isinstance(read_file(home.root, path, ID), Damaged), at
            if at % 400 == 0:
                found = load(home.root, home.contract, local=False, read=Index(home.root).read)
                assert len(found.damaged) == 1, at
            caught += 1
        path.write_bytes(sound)
    assert caught == sum(path.stat().st_size for path in paths) > 3_000


def test_the_history_of_verdicts_is_kept(home, write):
    first = write(headline="the first").stem
    home.edit("value: 2.0", "value: 3.0")
    second = write(headline="the second").stem
    told = CliRunner().invoke(app, ["evidence", "history", "toy-001", "--root", str(home.root)])
    said = " ".join(told.output.split())
    found = re.findall(r"HELD (\w+) TOY-001 LIVE on small \[(\w{16})\]", said)
    assert sorted(found) == sorted([("stale", first), ("valid", second)])
    data = json.loads(
        CliRunner()
        .invoke(app, ["evidence", "history", "--format", "json", "--root", str(home.root)])
        .output
    )
    assert [each["verdict"] for each in data["verdicts"]] == ["HELD", "HELD"]
    Index(home.root).path.unlink(missing_ok=True)
    again = CliRunner().invoke(app, ["evidence", "history", "toy-001", "--root", str(home.root)])
    assert again.output == told.output
    none = CliRunner().invoke(app, ["evidence", "history", "X-009", "--root", str(home.root)])
    assert none.exit_code == 3
