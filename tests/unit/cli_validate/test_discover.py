"""From arguments to files: each once, sorted, named as people see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pv.errors import UsageError
from pv.registry.discover import contracts_of, discover
from pv.yamlfile.judge import judge_file


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tree of empty files, with the working folder inside it."""
    for name in (
        "contracts/b.yaml",
        "contracts/a.yml",
        "contracts/sub/c.yaml",
        "contracts/evidence/r.yaml",
        "contracts/sub/evidence/r.yaml",
        "contracts/.git/x.yaml",
        "contracts/.x.yaml",
        "contracts/x.json",
        "other/d.yaml",
        "third/schemas/lifecycle.yaml",
        "third/myschemas/lifecycle.yaml",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "contracts/link.yaml").symlink_to("b.yaml")
    (tmp_path / "contracts/round").symlink_to(tmp_path / "contracts")
    monkeypatch.chdir(tmp_path / "other")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["d.yaml"], ["d.yaml"]),
        (
            ["../contracts"],
            ["../contracts/a.yml", "../contracts/b.yaml", "../contracts/sub/c.yaml"],
        ),
        (["../contracts/x.json"], ["../contracts/x.json"]),
        (["../contracts/evidence"], ["../contracts/evidence/r.yaml"]),
        (["d.yaml", "./d.yaml", "../other/d.yaml", "*.yaml"], ["d.yaml"]),
        (["../*/d.yaml"], ["d.yaml"]),
        (["../third"], ["../third/myschemas/lifecycle.yaml"]),
        (["../third/schemas/lifecycle.yaml"], ["../third/schemas/lifecycle.yaml"]),
        (["../contracts/su*"], ["../contracts/sub/c.yaml"]),
        (["../contracts/.*.yaml"], ["../contracts/.x.yaml"]),
        (["../contracts/**/c.yaml"], ["../contracts/sub/c.yaml"]),
        (["none-*"], []),
        ([], []),
    ],
)
def test_arguments_to_names(tree: Path, arguments: list[str], names: list[str]) -> None:
    assert [one.display for one in discover(arguments)] == names


def test_a_registry_names_its_contracts_from_its_root(tree: Path) -> None:
    assert [one.display for one in contracts_of(tree)] == [
        "contracts/a.yml",
        "contracts/b.yaml",
        "contracts/sub/c.yaml",
    ]
    assert all(one.path.is_file() for one in contracts_of(tree))
    assert contracts_of(tree / "other") == ()


def test_what_does_not_exist_is_a_usage_error(tree: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        discover(["d.yaml", "absent"])


def test_a_folder_that_cannot_be_listed_is_said(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(UsageError, match=r"cannot list .* \(Permission denied\)"):
        discover(["../contracts"])


def test_a_folder_in_place_of_a_contract_is_a_file_to_complain_of(tmp_path: Path) -> None:
    (tmp_path / "contracts/empty.yaml/deeper").mkdir(parents=True)
    (tmp_path / "contracts/full.yaml").mkdir()
    (tmp_path / "contracts/full.yaml/a.yaml").touch()
    (tmp_path / "contracts/link.yml").symlink_to(tmp_path)
    found = contracts_of(tmp_path)
    assert [one.display for one in found] == [
        "contracts/empty.yaml",
        "contracts/full.yaml/a.yaml",
        "contracts/link.yml",
    ]
    rules = [{each.rule for each in judge_file(one.path, one.display).findings} for one in found]
    assert rules == [{"PV-YML-021"}, {"PV-YML-019"}, {"PV-YML-021"}]
