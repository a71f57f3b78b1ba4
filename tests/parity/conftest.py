"""The other side of the comparisons, and the real model file."""

import pytest

from pv.tensors.package_model import find_package_model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs llama.cpp, so it is no part of the ordinary tests."""
    here = "tests/parity/"
    for item in items:
        if here in item.path.as_posix():
            item.add_marker(pytest.mark.parity)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory):
    """The SmolLM2-135M file of the model package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PV_CACHE_DIR", str(tmp_path_factory.mktemp("digests")))
        return find_package_model()
