"""The installed wheel, built from the sdist, works in an empty folder."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command, cwd, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build sdist and wheel with the installed backend: no network, no isolated environment."""
    out = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Install the wheel beside third-party packages borrowed from this environment."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    site = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(built[1]) as wheel:
        wheel.extractall(site)
    borrowed = next(p for p in map(Path, sys.path) if (p / "numpy").is_dir())
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    return home / "bin" / "python"


def tree(folder):
    """Return the project files of a top-level folder that a distribution has to hold."""
    return {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and not p.is_symlink() and not {"__pycache__", ".pv"} & set(p.parts)
        and not any(part in ("kernels", "falsifiers") for part in p.relative_to(ROOT).parts[1:2])
    }  # fmt: skip


def test_the_wheel_holds_everything(built):
    with zipfile.ZipFile(built[1]) as wheel:
        names = set(wheel.namelist())
    for folder, packed in (
        ("pv", "pv"),
        ("kernels", "pv/kernels"),
        ("falsifiers", "pv/falsifiers"),
        ("schemas", "pv/_data/schemas"),
        ("templates", "pv/_data/templates"),
    ):
        wanted = {packed + name.removeprefix(folder) for name in tree(folder)}
        assert wanted, f"{folder} is empty"
        assert wanted <= names, sorted(wanted - names)[:5]
    contracts = {f"pv/_data/contracts/{p.name}" for p in (ROOT / "contracts").glob("*.yaml")}
    assert contracts
    assert contracts <= names
    assert not [n for n in names if "evidence" in n and n.endswith(".json")]


def test_the_sdist_holds_everything(built):
    with tarfile.open(built[0]) as sdist:
        names = {"/".join(n.split("/")[1:]) for n in sdist.getnames()}
    for folder in ("pv", "kernels", "falsifiers", "schemas", "templates", "tests"):
        assert tree(folder) <= names, sorted(tree(folder) - names)[:5]


def test_help_init_and_validate_in_an_empty_folder(installed, tmp_path):
    shown = run(installed, "-m", "pv", "--help", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "validate" in shown.stdout
    made = run(installed, "-m", "pv", "init", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    contract = next((tmp_path / "contracts").glob("*.yaml"))
    judged = run(installed, "-m", "pv", "validate", contract, cwd=tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    contract.write_text(contract.read_text().replace("version:", "verson:", 1))
    judged = run(installed, "-m", "pv", "validate", contract, cwd=tmp_path)
    assert judged.returncode == 1
    assert "version" in judged.stdout


def test_the_example_of_init_is_discharged(installed, tmp_path):
    assert run(installed, "-m", "pv", "init", cwd=tmp_path).returncode == 0
    judged = run(installed, "-m", "pv", "discharge", "--all", cwd=tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "HELD" in judged.stdout


def test_outside_any_registry_lint_says_so(installed, tmp_path):
    judged = run(installed, "-m", "pv", "lint", cwd=tmp_path)
    assert judged.returncode == 2
    assert "no contracts/" in judged.stderr
    assert "Traceback" not in judged.stderr
