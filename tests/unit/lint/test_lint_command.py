"""`pv lint` and `pv rule` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
CORPUS = REPOSITORY / "tests" / "corpus"


def pv(*arguments: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    program = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from pv.cli.main import run; run()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sound_registry_ends_with_its_verdict() -> None:
    done = pv("lint", "--strict", "--strict-test-binding", folder=CORPUS / "positive")
    *_, last = done.stdout.splitlines()
    assert last.startswith("PASS, 1")
    assert last.endswith("2 files · 0 errors · 0 warnings · 1 nothing to judge")
    assert (done.returncode, done.stderr) == (0, "")


def test_findings_stand_between_the_gates_and_the_verdict() -> None:
    done = pv("lint", "contracts/ship-v1.yaml", folder=CORPUS / "negative")
    lines = done.stdout.splitlines()
    assert lines[0] == "validate             pass: 1 file"
    assert "strict-test-binding  not asked for: --strict-test-binding" in lines
    assert any(line.startswith("contracts/ship-v1.yaml:13:59: error PV-SHP-001") for line in lines)
    assert lines[-1].startswith("FAIL, 1 of ")
    assert done.returncode == 1


def test_exit_and_printed_verdict_agree_under_strict_test_binding(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    contract = tmp_path / "contracts" / "a-v1.yaml"
    contract.write_text(
        "metadata: { version: 1.0.0, kind: pattern, description: one, references: [two] }\n"
        "falsification_tests:\n"
        "  - { id: F-1, rule: r, prediction: p, if_fails: i, test: cargo test -p gone gone }\n",
        encoding="utf-8",
    )
    loose, strict = (
        pv("lint", folder=tmp_path),
        pv("lint", "--strict-test-binding", folder=tmp_path),
    )
    assert (loose.returncode, loose.stdout.splitlines()[-1][:4]) == (0, "PASS")
    assert (strict.returncode, strict.stdout.splitlines()[-1][:4]) == (1, "FAIL")
    assert "strict-test-binding  FAIL: 1 reference: dangling 1 · 1 error" in strict.stdout


def test_no_contract_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    done = pv("lint", folder=tmp_path)
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith("NO VERDICT, 0 gates · 0 files")
    assert done.stderr == f"no contract found under {tmp_path / 'contracts'}: nothing was judged\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lint", "contracts/gone.yaml"], "no file or folder 'contracts/gone.yaml'"),
        (["lint", "--root", "gone"], "no folder gone"),
        (["lint", "--root", ".", "--base", "HEAD"], "--base HEAD: no git repository"),
        (["rule", "PV-VER-909"], "no rule 'PV-VER-909', expected an id or a name"),
        (["rule"], "no rule is named"),
    ],
)
def test_what_cannot_be_carried_out_is_exit_2(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = pv(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr


def test_json_says_what_the_text_says() -> None:
    arguments = ("lint", "--strict-test-binding", "--format", "json")
    done = pv(*arguments, folder=CORPUS / "negative")
    data = json.loads(done.stdout)
    assert done.stdout.isascii()
    assert data["outcome"] == "FAIL"
    assert done.returncode == 1
    assert data["summary"]["files"] == 8
    assert data["summary"]["errors"] == sum(one["severity"] == "error" for one in data["findings"])
    assert data["summary"]["errors"] == sum(gate["errors"] for gate in data["gates"])
    assert sum(data["summary"]["gates"].values()) == len(data["gates"]) == 18
    assert data["bindings"]["bound"] == 2
    assert sum(data["bindings"].values()) == 10


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "a-v1.yaml").write_text(
        'metadata: { version: "1\\e[2J", depends_on: [ "\\e]0;title\\a" ] }\n', encoding="utf-8"
    )
    done = pv("lint", folder=tmp_path)
    assert done.returncode == 1
    assert "PV-DEP-001" in done.stdout
    assert not any(ord(c) < 32 and c != "\n" for c in done.stdout)


def test_a_rule_page_is_printed_by_id_and_by_name() -> None:
    by_id, by_name = pv("rule", "pv-dep-002"), pv("rule", "dependency-cycle")
    assert by_id.stdout == by_name.stdout
    assert by_id.stdout.startswith("PV-DEP-002  dependency-cycle\n")
    assert "What it finds" in by_id.stdout
    assert by_id.returncode == 0


def test_the_list_holds_every_family() -> None:
    lines = pv("rule", "--list").stdout.splitlines()
    families = {line.split("-")[1] for line in lines}
    assert {"YML", "SCH", "IDS", "DEP", "CHG", "LIF", "STA", "REF", "ARI"} <= families
    assert {"MTH", "EVD", "SHP", "AUD", "SCR", "VER", "ENF", "RCV"} <= families


def test_lint_starts_without_the_heavy_packages() -> None:
    heavy = ("numpy", "numba", "pydantic", "rich", "gguf", "jinja2", "ruamel", "tree_sitter")
    program = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); sys.argv = ['pv', 'lint']\n"
        "from pv.cli.main import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {heavy!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CORPUS / "positive",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "LOADED []"
