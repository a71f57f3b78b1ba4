"""What a run rested on: names of sources in a checkout and in a wheel, and where it ran."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from pv.discharge import cuda_driver
from pv.discharge.footprint import Footprint, environment, real_path
from pv.errors import MissingError

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pv.discharge.footprint import Footprint
footprint = Footprint(Path(sys.argv[2]).resolve(), Path(sys.argv[3]))
footprint.watch_files(except_for=sys.argv[4])
for name in sys.argv[5:]:
    with open(name) as file:
        file.read()
with open(Path(sys.argv[3]) / "written.txt", "w") as file:
    file.write("x")
print(json.dumps(footprint.sources()))
"""


@pytest.fixture
def project(tmp_path):
    """Lay out a wheel, a checkout with links, and a registry."""
    files = (
        "wheel/site-packages/pv/errors.py",
        "wheel/site-packages/pv/kernels/k.txt",
        "wheel/site-packages/kernels/foreign.txt",
        "checkout/pv/model.txt",
        "checkout/falsifiers/data.txt",
        "checkout/tests/t.txt",
        "registry/falsifiers/own.txt",
        "registry/checks/more.txt",
        "registry/.venv/lib/x.txt",
        "registry/lib/site-packages/y.txt",
        "registry/model.gguf",
        "elsewhere/z.txt",
    )
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "checkout/pv/falsifiers").symlink_to("../falsifiers")
    return tmp_path


def sources(project, package, *names):
    root = Path(__file__).parents[3]
    arguments = [root, project / package, project / "registry", project / "registry/model.gguf"]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, arguments), *(str(project / n) for n in names)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return {name: digest for name, digest in found.items() if not name.startswith("pv/discharge")}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_files_of_a_wheel_have_the_names_of_a_checkout(project):
    wheel = "wheel/site-packages"
    found = sources(
        project,
        f"{wheel}/pv",
        f"{wheel}/pv/errors.py",
        f"{wheel}/pv/kernels/k.txt",
        f"{wheel}/kernels/foreign.txt",
    )
    assert found == {
        "pv/errors.py": sha(f"{wheel}/pv/errors.py"),
        "kernels/k.txt": sha(f"{wheel}/pv/kernels/k.txt"),
    }


def test_links_of_a_checkout_lead_to_the_folders_they_stand_for(project):
    found = sources(
        project,
        "checkout/pv",
        "checkout/pv/falsifiers/data.txt",
        "checkout/pv/model.txt",
        "checkout/tests/t.txt",
    )
    assert set(found) == {"falsifiers/data.txt", "pv/model.txt"}


def test_a_registry_brings_its_own_and_leaves_out_model_libraries_and_what_is_written(project):
    found = sources(
        project,
        "wheel/site-packages/pv",
        "registry/falsifiers/own.txt",
        "registry/checks/more.txt",
        "registry/.venv/lib/x.txt",
        "registry/lib/site-packages/y.txt",
        "registry/model.gguf",
        "elsewhere/z.txt",
    )
    assert set(found) == {"falsifiers/own.txt", "checks/more.txt"}


def test_two_files_of_one_name_are_both_listed(project):
    (project / "registry/kernels").mkdir()
    (project / "registry/kernels/k.txt").write_text("another")
    found = sources(
        project,
        "wheel/site-packages/pv",
        "wheel/site-packages/pv/kernels/k.txt",
        "registry/kernels/k.txt",
    )
    assert set(found) == {"kernels/k.txt", "kernels/k.txt (second of this name)"}
    assert sha("another") in found.values()


@pytest.mark.parametrize(
    "name",
    ["real/a.py", "linked/a.py", "real/link.py", "linked/link.py", "linked/..", "real/", "."],
)
def test_a_file_is_where_the_system_says_it_is(tmp_path, name):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").touch()
    (tmp_path / "real/link.py").symlink_to(tmp_path / "real/a.py")
    (tmp_path / "linked").symlink_to("real")
    assert real_path(f"{tmp_path}/{name}") == os.path.realpath(f"{tmp_path}/{name}")


def test_a_file_that_is_gone_again_is_no_source(tmp_path):
    footprint = Footprint(tmp_path, tmp_path)
    footprint._read.add(str(tmp_path / "gone.txt"))
    assert "pv/gone.txt" not in footprint.sources()


def texts(data):
    """Return every text in nested data, whole: a short host name may stand inside another word."""
    if isinstance(data, dict):
        return {each for part in data.items() for each in texts(part)}
    if isinstance(data, list | tuple):
        return {each for part in data for each in texts(part)}
    return {data}


def test_the_environment_names_no_host(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = environment("cuda", {"name": "a device"})
    assert found["accelerator"] == {"name": "a device"}
    assert (found["device"], found["threads"]) == ("cuda", 1)
    assert platform.node() not in texts(found)
    assert "accelerator" not in environment("sim")


class Driver:
    """A driver that answers as its table says; there is no real one where this test runs."""

    def __init__(self, count=1, failing=None):
        self._count = count
        self._failing = failing

    def __getattr__(self, name):
        def call(*arguments):
            if name == self._failing:
                return 999
            target = arguments[0] if arguments else None
            if name == "cuDeviceGetName":
                ctypes.memmove(target, b"Device X\0", 9)
            elif name == "cuDeviceGetCount":
                target._obj.value = self._count
            elif name == "cuDriverGetVersion":
                target._obj.value = 12040
            elif name == "cuDeviceGetAttribute":
                target._obj.value = 9 if arguments[1] == 75 else 0
            return 0

        return call


def test_a_device_is_described(monkeypatch):
    monkeypatch.setattr(cuda_driver.ctypes, "CDLL", lambda _: Driver())
    assert cuda_driver.first_device() == {
        "name": "Device X",
        "compute_capability": "9.0",
        "driver_cuda": "12.4",
    }


@pytest.mark.parametrize(
    ("driver", "reason"),
    [
        (Driver(count=0), "the driver counts 0"),
        (Driver(failing="cuInit"), "cuInit answered with error 999"),
        (Driver(failing="cuDeviceGet"), "cuDeviceGet answered with error 999"),
    ],
)
def test_without_a_device_the_reason_is_told(monkeypatch, driver, reason):
    monkeypatch.setattr(cuda_driver.ctypes, "CDLL", lambda _: driver)
    with pytest.raises(MissingError, match=reason):
        cuda_driver.first_device()
