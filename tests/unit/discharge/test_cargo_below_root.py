"""A crate in a folder of a registry whose root has no manifest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

CONTRACT = """\
metadata: { version: 1.0.0, created: 2026-05-06, kind: pattern, description: crates below }
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
  - id: FALSIFY-OWN-001
    rule: what the test says
    prediction: it passes
    cargo: { package: %s, filter: "tests::doubles" }
    controls: [planted]
    if_fails: it does not
"""
LIBRARY = """
#[cfg(test)]
mod tests {
    #[test]
    fn doubles() { assert!(std::env::var("PV_FAULT").is_err()); }
}
"""
MANIFEST = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed")
@pytest.mark.parametrize(
    ("package", "crates", "verdict", "words"),
    [
        ("small", ["small"], "HELD", "tests_failed 0 == 0"),
        ("other", ["small"], "ERROR", "no packages other below the registry root"),
        ("small", ["one", "two"], "ERROR", "2 packages small below the registry root"),
        ("small", [], "SKIPPED", "no Cargo.toml in"),
    ],
)
def test_the_manifest_is_found_that_lint_found(
    tmp_path: Path, package: str, crates: list[str], verdict: str, words: str
) -> None:
    for crate in crates:
        (tmp_path / crate / "src").mkdir(parents=True)
        (tmp_path / crate / "src" / "lib.rs").write_text(LIBRARY)
        (tmp_path / crate / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "own-v1.yaml").write_text(CONTRACT % package)
    arguments = ["discharge", "OWN-001", "--format", "json", "--root", str(tmp_path)]
    (outcome,) = json.loads(CliRunner().invoke(app, arguments).stdout)["outcomes"]
    assert outcome["verdict"] == verdict, outcome["headline"]
    assert words in outcome["headline"]
