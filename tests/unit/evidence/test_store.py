"""Receipt files: nothing acknowledged is lost, nothing damaged passes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.errors import BadInputError, PvError
from pv.evidence import store
from pv.evidence.canonical import canonical_bytes, digest, entry_digest, expect_digest
from pv.evidence.statement import PREDICATE_TYPE, STATEMENT_TYPE, Stored
from pv.evidence.store import Damaged, folder_of, folders, identity, read_folder, write

ID = "FALSIFY-TOY-001"


def statement(**predicate):
    return {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": [],
        "predicate": {"falsifier": ID, "run": {"seconds": 1.0}, **predicate},
    }


def only(root, *, record=True):
    (found,) = read_folder(root, ID, record=record)
    return found


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), each)
    ),
    max_leaves=12,
)


@given(plain)
def test_canonical_bytes_read_back_exactly_and_are_one_form(data):
    once = canonical_bytes(data)
    assert json.loads(once) == data
    assert canonical_bytes(json.loads(once)) == once


def test_canonical_bytes_are_sorted_compact_and_finite():
    assert canonical_bytes({"b": 0.1, "a": [1, "é"]}) == '{"a":[1,"é"],"b":0.1}'.encode()
    for bad in (float("nan"), float("inf"), {1, 2}):
        with pytest.raises(BadInputError, match="no canonical form"):
            canonical_bytes({"a": bad})


def test_a_receipt_comes_back_under_the_digest_of_its_bytes(tmp_path):
    path = write(tmp_path, ID, statement(verdict="HELD"), record=True)
    assert path.startswith(f"contracts/evidence/{ID}/")
    found = only(tmp_path)
    assert (found.path, found.statement) == (path, statement(verdict="HELD"))
    assert found.id == digest_of(tmp_path / path)[:16]


def digest_of(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_local_receipts_lie_apart(tmp_path):
    path = write(tmp_path, ID, statement(), record=False)
    assert path.startswith(f".pv/receipts/{ID}/")
    assert [*read_folder(tmp_path, ID, record=True)] == []
    assert folders(tmp_path, local=False) == ()
    assert folders(tmp_path, local=True) == (f".pv/receipts/{ID}",)


def test_a_repeat_that_differs_only_in_its_run_section_is_the_same_receipt(tmp_path):
    first = write(tmp_path, ID, statement(verdict="HELD"), record=True)
    again = statement(verdict="HELD", run={"seconds": 2.0, "started": "2026-01-01T00:00:00Z"})
    assert identity(again) == identity(statement(verdict="HELD"))
    assert write(tmp_path, ID, again, record=True) == first
    assert len([*read_folder(tmp_path, ID, record=True)]) == 1


def test_two_that_differ_are_both_kept(tmp_path):
    paths = {
        write(tmp_path, ID, statement(verdict=verdict), record=True)
        for verdict in ("HELD", "REFUTED")
    }
    assert {each.path for each in read_folder(tmp_path, ID, record=True)} == paths
    assert len(paths) == 2


def test_every_flipped_byte_is_detected(tmp_path):
    path = tmp_path / write(tmp_path, ID, statement(verdict="HELD", note="é"), record=True)
    sound = path.read_bytes()
    for index in range(len(sound)):
        for mask in (0x01, 0x80):
            broken = bytearray(sound)
            broken[index] ^= mask
            path.write_bytes(broken)
            found = only(tmp_path)
            assert isinstance(found, Damaged), index
            assert found.reason.startswith("digest differs: its name says")
    path.write_bytes(sound)
    assert isinstance(only(tmp_path), Stored)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-1]), "digest differs"),
        (lambda p: p.write_bytes(b""), "digest differs"),
        (lambda p: p.rename(p.with_name("0" * 16 + ".json")), "digest differs"),
        (lambda p: p.rename(p.with_name("notes.txt")), "name is not 16 hexadecimal digits"),
        (lambda p: (p.unlink(), p.mkdir()), "cannot be read: Is a directory"),
        (lambda p: (p.rename(p.parent.parent / "x"), p.symlink_to("../x")), "cannot be read"),
        (lambda p: (p.unlink(), os.mkfifo(p)), "is a link, no plain file"),
    ],
)
def test_damage_is_named(tmp_path, spoil, reason):
    spoil(tmp_path / write(tmp_path, ID, statement(), record=True))
    found = only(tmp_path)
    assert isinstance(found, Damaged)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_type": "other"}, "is no https://in-toto.io/Statement/v1"),
        ({"predicateType": "other"}, "has no predicate of type pv/discharge/v1"),
        ({"predicate": []}, "has no predicate of type pv/discharge/v1"),
        ({"predicate": {"falsifier": "FALSIFY-TOY-002"}}, "is about 'FALSIFY-TOY-002'"),
    ],
)
def test_a_sound_file_that_is_no_receipt_of_this_falsifier_is_named(tmp_path, change, reason):
    write(tmp_path, ID, {**statement(), **change}, record=True)
    assert reason in only(tmp_path).reason


@pytest.mark.parametrize("bad", ["../x", "", ".", "a/b", "x" * 200, "-x", "con\0"])
def test_ids_that_are_no_names_have_no_folder(tmp_path, bad):
    with pytest.raises(BadInputError, match="expected letters, digits"):
        folder_of(tmp_path, bad, record=True)
    assert [*read_folder(tmp_path, bad, record=True)] == []


def test_a_folder_that_leads_out_of_the_registry_is_not_followed(tmp_path):
    home = tmp_path / "home"
    write(tmp_path, ID, statement(), record=True)
    (home / "contracts" / "evidence").mkdir(parents=True)
    (home / "contracts" / "evidence" / ID).symlink_to(tmp_path / "contracts" / "evidence" / ID)
    found = only(home)
    assert (type(found), found.reason) == (Damaged, "leads out of the registry")


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / write(tmp_path, ID, statement(verdict="HELD"), record=True)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(PvError, match="cannot be written: No space left on device") as caught:
        write(tmp_path, ID, statement(verdict="REFUTED"), record=True)
    assert caught.value.exit_code == 3
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path):
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from pv.evidence.store import write
        base = {statement()!r}
        for n in range(100000):
            base["predicate"]["n"] = [n, sys.argv[2]]
            path = write(Path(sys.argv[1]), {ID!r} + str(n % 7), base, record=True)
            print(path, flush=True)
        """
    )
    acknowledged = set()
    for round_ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(round_)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(10 + 7 * round_):
            acknowledged.add(child.stdout.readline().strip())
        child.send_signal(signal.SIGKILL)
        acknowledged |= {line.strip() for line in child.stdout if line.endswith(".json\n")}
        child.wait()
        child.stdout.close()
    found = {}
    for folder in folders(tmp_path, local=False):
        for each in read_folder(tmp_path, folder.rpartition("/")[2], record=True):
            found[each.path] = each
    assert len(acknowledged) >= 6 * 10
    assert acknowledged <= {path for path, each in found.items() if _whole(each)}


def test_writers_side_by_side_lose_and_mix_nothing(tmp_path):
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from pv.evidence.store import write
        base = {statement()!r}
        for n in range(20):
            base["predicate"]["n"] = [n, sys.argv[2]]
            write(Path(sys.argv[1]), {ID!r}, base, record=True)
        """
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(n)], cwd=Path(__file__).parents[3]
        )
        for n in range(4)
    ]
    assert [child.wait() for child in children] == [0] * 4
    found = [*read_folder(tmp_path, ID, record=True)]
    assert {type(each) for each in found} == {Stored}
    assert len({tuple(each.statement["predicate"]["n"]) for each in found}) == len(found) == 80


def test_a_temporary_file_left_behind_is_in_nobodys_way(tmp_path):
    path = tmp_path / write(tmp_path, ID, statement(verdict="HELD"), record=True)
    path.rename(path.with_name(f".tmp-{path.name}-0123"))
    assert [*read_folder(tmp_path, ID, record=True)] == []
    assert tmp_path / write(tmp_path, ID, statement(verdict="HELD"), record=True) == path


def _whole(each):
    # The statement says ...001 and the folder ...0010: that they disagree is found, and it shows
    # that the file itself came through whole.
    return isinstance(each, Damaged) and each.reason.startswith("is about")


def test_the_entry_digest_leaves_claims_out_and_nothing_else(home):
    def now():
        return entry_digest(home.contract, home.falsifier)

    before = now()
    home.edit("status: BOUND", "status: DISCHARGED")
    assert now() == before
    home.edit("value: 2.0", "value: 3.0")
    changed = now()
    assert changed != before
    home.edit("step: 1.0", "step: 2.0")
    assert now() not in {before, changed}


def test_another_accepted_model_leaves_the_entry_as_it_is(home):
    before = entry_digest(home.contract, home.falsifier)
    home.edit("quorum: all", "quorum: any")
    home.edit(
        "      accept:\n",
        "      accept:\n        - { name: big, architecture: qwen2, sha256: unrecorded }\n",
    )
    assert entry_digest(home.contract, home.falsifier) == before


def test_the_expect_digest_is_over_limits_and_not_over_reasons(home):
    before = expect_digest(home.falsifier.expect)
    home.edit("by construction", "as derived")
    assert expect_digest(home.falsifier.expect) == before
    home.edit('op: "<="', 'op: "<"')
    assert expect_digest(home.falsifier.expect) != before
    assert before == digest([["growth", "<=", 2.0, None]])
