"""A live falsifier on a real file: demand, digest, receipts and states per model."""

from __future__ import annotations

import hashlib
import json

import gguf
import numpy as np
import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.requirement import check_requirement
from pv.errors import BadInputError, UsageError

CONTRACT = """\
metadata:
  id: live-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  description: a live contract
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
  - id: FALSIFY-LIVE-001
    rule: the model file is read
    prediction: as many bytes as it has
    harness: falsifiers/live.py::size
    parameters: {}
    models:
      quorum: all
      accept:
        - { name: tiny, architecture: llama, sha256: SHA }
        - { name: huge, architecture: llama, sha256: unrecorded }
      require: REQUIRE
    expect:
      - { metric: starts_with_magic, op: "==", value: 1, reason: "the format says so" }
    controls: [shifted]
    if_fails: it is no such file
"""
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"shifted": "reads one byte later"}


def size(run):
    with run.model.open("rb") as file:
        file.seek(run.fault is not None)
        right = int(file.read(4) == b"GGUF")
    sample = Sample("none", 4, (4,), "none", "uint8", "head of the file")
    return Measurements((Metric("starts_with_magic", right, "1", sample),))
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Write a tiny model; configuration and caches of the user stay out of it."""
    monkeypatch.setenv("PV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for layer in range(3):
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", np.zeros((2, 32), np.float32))
    writer.add_tensor("blk.0.attn_q.weight", np.zeros((2, 32), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def live(tmp_path, model):
    """Return a caller of `pv` on a registry that accepts the tiny model."""
    root = tmp_path / "registry"
    (root / "contracts").mkdir(parents=True)
    (root / "falsifiers").mkdir()
    (root / "falsifiers" / "live.py").write_text(HARNESS)
    sha = hashlib.sha256(model.read_bytes()).hexdigest()

    def call(*arguments, require='{ tensor: "blk.*.ffn_down.weight", type: F32, count: ">=3" }'):
        text = CONTRACT.replace("SHA", sha).replace("REQUIRE", require)
        (root / "contracts" / "live-v1.yaml").write_text(text)
        return CliRunner().invoke(app, [*arguments, "--root", str(root)])

    call.root = root
    return call


def test_a_live_run_records_the_model_and_leaves_the_other_open(live, model):
    found = live("discharge", "LIVE-001", "--live", "--model", str(model), "--record")
    assert found.exit_code == 0, found.stdout
    lines = found.stdout.splitlines()
    assert lines[0] == "LIVE-001        HELD          starts_with_magic 1 == 1"
    assert lines[1].startswith("on huge         NOT_RUN       pv models add huge PATH; another")
    (receipt,) = live.root.glob("contracts/evidence/FALSIFY-LIVE-001/*.json")
    statement = json.loads(receipt.read_bytes())
    digests = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    assert digests["model:tiny"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert statement["predicate"]["level"] == "LIVE"
    assert str(model) not in receipt.read_text()
    status = live("status").stdout
    assert "tiny: PARTIAL" in status
    assert "  LIVE-001   PARTIAL_ALGORITHM_LEVEL  BOUND" in status


def test_without_the_model_nothing_is_left_that_looks_like_a_pass(live):
    found = live("discharge", "LIVE-001", "--live", "--record")
    assert found.exit_code == 3
    assert found.stdout.startswith("LIVE-001        SKIPPED       no accepted model is here")
    assert not (live.root / "contracts" / "evidence").exists()
    assert not (live.root / ".pv").exists()
    assert "HELD" not in found.stdout


def test_a_model_cut_in_half_is_an_error_with_its_place(live, model):
    model.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    found = live("discharge", "LIVE-001", "--live", "--model", str(model))
    assert found.exit_code == 3
    assert found.stdout.split()[:2] == ["LIVE-001", "ERROR"]  # how they are laid out, the path says


def test_another_file_is_skipped_with_both_digests(live, model):
    with model.open("ab") as file:
        file.write(bytes(32))
    found = live("discharge", "LIVE-001", "--live", "--model", str(model))
    text = "".join(found.stdout.split())
    assert found.exit_code == 3
    assert hashlib.sha256(model.read_bytes()).hexdigest() in text
    assert "(tiny)" in text


def test_a_file_of_other_tensor_types_is_an_error_not_a_skip(live, model):
    require = '{ tensor: "blk.*.ffn_down.weight", type: Q4_K, count: ">=3" }'
    found = live("discharge", "LIVE-001", "--live", "--model", str(model), require=require)
    text = " ".join(found.stdout.split())
    assert found.exit_code == 3
    assert "LIVE-001 ERROR model tiny.gguf: expected >= 3 tensors blk.*.ffn_down.weight" in text
    assert "of type Q4_K, found 0, blk.0.ffn_down.weight is F32" in text
    assert "cause: bad input" in text


@pytest.mark.parametrize(
    ("require", "sound"),
    [
        ({"tensor": "blk.*.ffn_down.weight", "type": "F32", "count": 3}, True),
        ({"tensor": "blk.*.ffn_down.weight", "type": "F32", "count": "==3"}, True),
        ({"tensor": "blk.*.ffn_down.weight", "type": "F32", "count": "==2"}, False),
        ({"tensor": "blk.*.ffn_down.weight", "type": "F32", "count": ">=4"}, False),
        ({"tensor": "blk.*.weight", "type": "F16"}, True),
        ({"tensor": "nothing.*", "type": "F16"}, False),
    ],
)
def test_demands_on_tensors(model, require, sound):
    if sound:
        check_requirement(model, require)
    else:
        with pytest.raises(BadInputError, match="expected"):
            check_requirement(model, require)


@pytest.mark.parametrize(
    "require",
    [{}, {"tensor": "x"}, {"tensor": "x", "type": "F32", "count": "<3"}, {"tensors": "x"}],
)
def test_a_demand_that_is_none_is_a_usage_error(model, require):
    with pytest.raises(UsageError, match="expected tensor, type and count"):
        check_requirement(model, require)
