"""The architecture is a test: layers point one way, and a planted violation is caught."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LIGHT = ("numpy", "numba", "pydantic", "rich", "gguf", "jinja2", "ruamel", "llvmlite")


def sources(*folders):
    found = [p for f in folders for p in sorted((ROOT / f).rglob("*.py")) if not p.is_symlink()]
    found = [
        p
        for p in found
        if p.relative_to(ROOT).parts[:2] not in (("pv", "kernels"), ("pv", "falsifiers"))
    ]
    assert found, folders
    return found


@cache
def parsed(path):
    return ast.parse(path.read_text(), str(path))


@cache
def imported(path):
    return tuple(imports(path))


def imports(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def roots(path):
    return {name.split(".")[0] for name in imported(path)}


def lint_imports(folder):
    probe = (
        "import sys; sys.path.insert(0, '.')\n"
        "from importlinter.cli import lint_imports_command as command\n"
        "sys.argv = ['lint-imports', '--no-cache']; command()"
    )
    return subprocess.run(
        [sys.executable, "-c", probe], cwd=folder, capture_output=True, text=True, check=False
    )


def test_layers_are_kept():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_planted_upward_import_is_caught(tmp_path):
    package = tmp_path / "planted"
    (package / "low").mkdir(parents=True)
    (package / "high").mkdir()
    for name in ("__init__.py", "low/__init__.py", "high/__init__.py"):
        (package / name).write_text("")
    (package / "low" / "bad.py").write_text("import planted.high\n")
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package=planted\n[importlinter:contract:1]\nname=order\n"
        "type=layers\nlayers=\n    planted.high\n    planted.low\n"
    )
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "planted.low.bad -> planted.high" in done.stdout


def test_numba_stands_only_in_the_fast_kernels():
    users = {
        p.relative_to(ROOT).as_posix()
        for p in sources("pv", "kernels", "falsifiers")
        if "numba" in roots(p)
    }
    assert users
    assert [u for u in users if not re.fullmatch(r"kernels/\w+/numba_\w+\.py", u)] == []


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("jinja2", r"pv/report/render\.py|pv/sandbox/(child|language)\.py"),
        ("pydantic", r"pv/schema\.py|pv/schema/.*"),
        ("sqlite3", r"pv/tables\.py"),
        ("cryptography", r"pv/evidence/signing\.py"),
        ("rich", r"pv/output/.*"),
        ("ruamel", r"pv/yamlfile/.*"),
        ("gguf", r"pv/(tensors|forward)/.*"),
    ],
)
def test_heavy_packages_have_one_room(package, allowed):
    users = [
        p.relative_to(ROOT).as_posix()
        for p in sources("pv", "kernels", "falsifiers")
        if package in roots(p)
    ]
    assert [u for u in users if not re.fullmatch(allowed, u)] == []


def test_a_reference_and_its_rivals_share_no_import():
    pairs = 0
    for reference in sorted((ROOT / "kernels").glob("*/reference.py")):
        own = f"pv.kernels.{reference.parent.name}"
        theirs = set(imported(reference))
        for rival in sorted(reference.parent.glob("numba_*.py")):
            pairs += 1
            assert not any(name.startswith(f"{own}.numba") for name in theirs), reference
            assert f"{own}.reference" not in set(imported(rival)), rival
    assert pairs >= 9


def test_the_core_imports_the_standard_library_alone():
    for path in [
        ROOT / "pv/errors.py",
        ROOT / "pv/marks.py",
        ROOT / "pv/status.py",
        *sources("pv/model"),
    ]:
        assert roots(path) <= {"pv", *sys.stdlib_module_names}, path


@pytest.mark.parametrize(
    "command", [["validate", "--help"], ["lint", "--help"], ["status", "--help"], ["--help"]]
)
def test_everyday_commands_start_light(command):
    probe = (
        "import sys\nfrom pv.cli.main import app\n"
        f"try:\n    app({command!r})\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', sorted(set({LIGHT!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = done.stdout.split("HEAVY ")[1]
    # typer itself uses rich to lay out help; it is not ours to avoid there.
    assert ast.literal_eval(heavy.strip()) in ([], ["rich"])


def test_no_file_and_few_functions_grow_too_long():
    lengths = [len(p.read_text().splitlines()) for p in sources("pv", "kernels", "falsifiers")]
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for p in sources("pv", "kernels", "falsifiers")
        for node in ast.walk(parsed(p))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert max(lengths) <= 500
    assert sorted(lengths)[int(0.95 * len(lengths))] <= 400
    assert sorted(functions)[int(0.95 * len(functions))] <= 50


def test_only_the_command_line_and_outputs_print():
    for path in sources("pv", "kernels", "falsifiers"):
        place = path.relative_to(ROOT).as_posix()
        calls = {n.func.id for n in ast.walk(parsed(path))
                 if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
        if "print" in calls:
            assert place.startswith(("pv/cli/", "pv/output/")), place
