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


@pytest.fixture(scope="session", autouse=True)
def portable_build() -> None:
    """Stop where llama.cpp was built for this very processor: other instructions, other bits."""
    import llama_cpp

    features = llama_cpp.llama_print_system_info().decode()
    assert "AVX2 = 1" in features, f"make parity compares with AVX2, found {features}"
    assert "AVX512" not in features, f"make parity builds with -DGGML_NATIVE=OFF, found {features}"


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory):
    """The SmolLM2-135M file of the model package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PV_CACHE_DIR", str(tmp_path_factory.mktemp("digests")))
        return find_package_model()
