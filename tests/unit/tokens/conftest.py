"""The installed real model, whose vocabulary is the largest at hand."""

from pathlib import Path

import pytest

from pv.tensors.package_model import find_package_model


@pytest.fixture(scope="session")
def real_model() -> Path:
    """The SmolLM2-135M file of the model package, which `make test` installs."""
    return find_package_model()
