"""What is found in one file depends neither on who asks for it nor on what else is broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv.lint.engine import Report, lint
from pv.lint.intake import take
from pv.lint.options import Options

ROOT = Path(__file__).parents[3]
NEGATIVE = ROOT / "tests" / "corpus" / "negative"
OPTIONS = Options(strict_test_binding=True)
OWN = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "contracts").glob("*.yaml"))
TEXTS = [
    path.read_text(encoding="utf-8") for path in sorted((NEGATIVE / "contracts").glob("*.yaml"))
]


def run(folder: Path, *paths: str) -> Report:
    intake = take([str(folder / path) for path in paths], folder)
    return lint(intake.root, intake.judged, OPTIONS, shown=intake.asked)


@pytest.fixture(scope="module")
def own() -> Report:
    """Return what lint says about the whole registry of this project."""
    return run(ROOT)


@pytest.mark.parametrize("name", OWN[:: max(1, len(OWN) // 3)])
def test_a_contract_of_ours_has_the_same_findings_alone(name: str, own: Report) -> None:
    among_all = tuple(each for each in own.findings if each.span.file == name)
    assert run(ROOT, name).findings == among_all


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the registry in which every rule fires, outside git."""
    folder = tmp_path_factory.mktemp("bad")
    return Path(shutil.copytree(NEGATIVE, folder, dirs_exist_ok=True))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=40),
        st.tuples(st.sampled_from(TEXTS), st.floats(0.05, 0.95)).map(
            lambda cut: cut[0][: int(len(cut[0]) * cut[1])]
        ),
    )
)
def test_a_file_of_any_content_takes_no_finding_from_another(bad: Path, content: str) -> None:
    before = run(bad)
    added = bad / "contracts" / "zz-v1.yaml"
    added.write_text(content, encoding="utf-8", newline="")
    try:
        after = run(bad)
    finally:
        added.unlink()
    assert not after.crashes
    assert set(before.findings) <= set(after.findings)
