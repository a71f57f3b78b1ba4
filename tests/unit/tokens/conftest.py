"""The installed real model, whose vocabulary is the largest at hand."""

from pathlib import Path

import pytest

from pv.tensors.package_model import find_package_model


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SmolLM2-135M file of the model package, which `make test` installs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PV_CACHE_DIR", str(tmp_path_factory.mktemp("digests")))
        return find_package_model()
