"""What the machine or the caller does to a command is no finding, no success and no defect."""

import subprocess
import sys
from pathlib import Path

import pytest

from pv.registry.scaffold import write_registry

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    root = tmp_path_factory.mktemp("registry")
    write_registry(root)
    return root


def shell(registry, text):
    """Run a line of shell with `pv` on it; only the tests use one."""
    line = text.replace("pv ", f"{sys.executable} -m pv ", 1)
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        cwd=registry,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["status", "kernels", "rule --list"])
def test_a_full_disk_is_exit_2_and_named(registry, command):
    done = shell(registry, f"pv {command} > /dev/full")
    assert done.returncode == 2
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("command", ["validate contracts", "discharge --all", "kernels"])
def test_a_closed_stdout_changes_no_exit_code(registry, command):
    assert shell(registry, f"pv {command} >&-").returncode == 0


def test_a_reader_that_goes_away_is_no_finding(registry):
    assert shell(registry, "pv rule --list | true").returncode in (0, 141)
    assert shell(registry, "pv status | true").returncode in (0, 141)


@pytest.mark.parametrize("option", ["--memory nan", "--memory inf", "--timeout inf"])
def test_a_limit_that_is_no_number_is_named(registry, option):
    done = shell(registry, f"pv discharge --all {option}")
    assert done.returncode == 2
    assert f"{option.split()[0]} is {option.split()[1]}, expected a finite number" in done.stderr


def test_a_place_that_cannot_be_written_is_named(registry):
    done = shell(registry, "pv render --output /dev/null")
    assert done.returncode == 2
    assert "cannot write /dev/null/status.md" in done.stderr
