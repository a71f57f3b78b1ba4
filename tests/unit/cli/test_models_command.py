"""`pv models`: what it prints and with which code it ends."""

import hashlib

import gguf
import numpy as np
import pytest
from typer.testing import CliRunner

from pv.cli.models import app
from pv.errors import MissingError, UsageError


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A small model file; configuration and cache lie in temporary folders."""
    monkeypatch.setenv("PV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("a", np.zeros(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def pv(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_add_list_verify(model):
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    added = pv("add", "tiny", model)
    assert (added.exit_code, added.output) == (0, f"added tiny: {model}\n  sha256 {digest}\n")
    line = f"tiny  {digest[:12]}  {model}"
    two = f"tiny  {digest[:12]}\n  {model}"
    assert pv("list").output == (line if len(line) <= 80 else two) + "\n"
    for arguments in (["verify"], ["verify", "tiny"]):
        checked = pv(*arguments)
        assert (checked.exit_code, checked.output) == (0, f"ok       tiny  sha256 {digest}\n")


def test_nothing_configured_is_exit_3(model):
    assert pv("list").exit_code == 3
    empty = pv("verify")
    assert isinstance(empty.exception, MissingError)
    assert empty.exception.exit_code == 3


def test_verify_tells_changed_from_missing(model):
    pv("add", "tiny", model)
    pv("add", "other", model)
    content = model.read_bytes()
    model.write_bytes(content[:-1] + b"\x01")
    changed = pv("verify")
    assert changed.exit_code == 1
    assert changed.output.count("CHANGED  model '") == 2
    model.unlink()
    gone = pv("verify", "tiny")
    assert gone.exit_code == 3
    assert gone.output.startswith("MISSING  model 'tiny': its file ")
    assert "(file is gone)" in pv("list").output


def test_a_changed_model_outweighs_a_missing_one(model, tmp_path):
    second = tmp_path / "second.gguf"
    second.write_bytes(model.read_bytes())
    pv("add", "a", model)
    pv("add", "b", second)
    model.unlink()
    second.write_bytes(second.read_bytes()[:-1] + b"\x01")
    assert pv("verify").exit_code == 1


def test_bad_arguments_are_usage_errors(model):
    assert isinstance(pv("add", "../x", model).exception, UsageError)
    assert isinstance(pv("derive", "no-such-teacher").exception, UsageError)
    for configured in ("none", "tiny"):
        unknown = pv("verify", "nope").exception
        assert isinstance(unknown, UsageError)
        assert unknown.message == f"model 'nope' is not configured, expected one of {configured}"
        pv("add", "tiny", model)
    assert pv("add", "tiny").exit_code == 2
