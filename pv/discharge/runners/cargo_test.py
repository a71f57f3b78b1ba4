"""`cargo test`: the test must be seen to run and pass by its name, in libtest's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pv.bindings.cargo_command import parse_cargo_test
from pv.bindings.rust_workspace import RustWorkspace
from pv.discharge.executors.process import Ran
from pv.discharge.job import SOUND, Ending, Job, Returned, Step
from pv.discharge.runners.interface import Processes, variables
from pv.discharge.runners.named_tests import NamedTest, step_of
from pv.discharge.runners.sources import crate_files, hashed
from pv.discharge.runners.stepwise import Piece, environment_in, failure, run_steps
from pv.errors import BadInputError, MissingError

_LINE: Final = re.compile(
    r"^test (?P<name>\S+)(?: - [\w ]+)? \.\.\. (?P<outcome>ok|FAILED|ignored)(?:, (?P<why>.*))?$",
    re.MULTILINE,
)
_TOTAL: Final = re.compile(
    r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.MULTILINE
)
_TOLD: Final = re.compile(r"^(rustc|LLVM version|host):? (.+)$", re.MULTILINE)
_SIGNAL: Final = re.compile(r"\(signal: \d+, (?P<name>SIG\w+)")
_ERROR: Final = re.compile(r"^error(?:\[\w+\])?: .*$", re.MULTILINE)
_NO_MEMORY: Final = re.compile(r"^memory allocation of \d+ bytes failed", re.MULTILINE)
_OUTCOMES: Final = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
_OUTPUT: Final = 16 << 20
_TARGET: Final = (".pv", "cargo-target")


def run(job: Job, processes: Processes) -> Returned:
    """Run a `cargo test`, soundly and under each planted fault that `PV_FAULT` names to it.

    Tests marked `#[ignore]` run where live runs were asked for. What cargo builds goes to `.pv/`;
    the compiler that it takes in that folder is named beside what it ran on.
    """
    try:
        argv, folder, name = _asked(job)
        argv = _with_manifest(job, argv, folder)
        sources = hashed(job.root, crate_files(job.root, _manifest(job, argv, folder)))
    except (BadInputError, MissingError) as error:
        ending = Ending.MISSING if isinstance(error, MissingError) else Ending.BAD_INPUT
        step = Step(SOUND, ending, error.message)
        return Returned((step,), ending, error.message, SOUND)
    compiler = _compiler(processes, folder)

    def run_one(step: str, fault: str | None) -> Piece:
        ran = processes.run(
            {
                "kind": "program",
                "argv": list(argv),
                "folder": str(folder),
                "environment": {
                    "CARGO_TARGET_DIR": str(job.root.joinpath(*_TARGET)),
                    "CARGO_TERM_COLOR": "never",
                    **variables(job, fault),
                },
            },
            keep_output=_OUTPUT,
        )
        return Piece(_step(step, ran, name), ran, sources, {**environment_in(ran), **compiler})

    return run_steps(job, run_one)


def _compiler(processes: Processes, folder: Path) -> Mapping[str, Any]:
    """Return the version of the compiler, with that of its LLVM and its target, for the receipt."""
    ran = processes.run({"kind": "program", "argv": ["rustc", "-vV"], "folder": str(folder)})
    told = dict(_TOLD.findall(ran.log))
    if ran.code != 0 or "rustc" not in told:
        return {}
    more = (told.get("LLVM version", "unknown"), told.get("host", "unknown"))
    return {"outside": {"rustc": {"version": "{} (LLVM {}, {})".format(told["rustc"], *more)}}}


def _asked(job: Job) -> tuple[tuple[str, ...], Path, str]:
    """Return the arguments, the folder to run in and the name of the test."""
    binding = job.falsifier.binding
    selection = parse_cargo_test(binding.argv)
    if selection is None or selection.fault:
        raise BadInputError(f"{binding.text}: {selection.fault if selection else 'no cargo test'}")
    if len(selection.filters) != 1 or selection.pattern:
        raise BadInputError(f"{binding.text}: expected the name of one test")
    argv = binding.argv
    if (job.live or job.model_path) and selection.run_ignored == "no":
        argv = (*argv, *(() if "--" in argv else ("--",)), "--include-ignored")
    folder = job.root / str(binding.details.get("folder", "."))
    if not folder.resolve().is_relative_to(job.root.resolve()) or not folder.is_dir():
        raise BadInputError(f"{binding.text}: no folder {binding.details.get('folder')}")
    return argv, folder, selection.filters[0]


def _with_manifest(job: Job, argv: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """Name the manifest of a package that stands below a root without one.

    Raises BadInputError where no package of the registry, or more than one, has the name.
    """
    selection = parse_cargo_test(argv)
    at_root = folder.resolve() == job.root.resolve() and not (folder / "Cargo.toml").is_file()
    if selection is None or selection.manifest or not at_root:
        return argv
    packages = RustWorkspace(job.root).packages
    wanted = [each for each in packages if each.name in (selection.packages or [each.name])]
    named = ", ".join(selection.packages) or "of any name"
    if not packages:
        return argv
    if len(wanted) != 1:
        raise BadInputError(f"{len(wanted) or 'no'} packages {named} below the registry root")
    manifest = wanted[0].folder.relative_to(job.root.resolve()) / "Cargo.toml"
    end = argv.index("--") if "--" in argv else len(argv)
    return (*argv[:end], "--manifest-path", manifest.as_posix(), *argv[end:])


def _manifest(job: Job, argv: tuple[str, ...], folder: Path) -> Path:
    """Return the manifest that cargo would use."""
    selection = parse_cargo_test(argv)
    named = selection.manifest if selection else ""
    path = folder / (named or "Cargo.toml")
    if not path.is_file():
        raise MissingError(f"no {named or 'Cargo.toml'} in {folder.name or '.'}")
    if not path.resolve().is_relative_to(job.root.resolve()):
        raise BadInputError(f"{named} leads out of the registry")
    return path


def _step(name: str, ran: Ran, test: str) -> Step:
    failed = failure(name, ran)
    if failed is not None:
        return failed
    tests = [*_tests(ran.log)]
    told = [sum(int(each[i]) for each in _TOTAL.findall(ran.log)) for i in range(3)]
    seen = [sum(each.outcome == one for each in tests) for one in _OUTCOMES.values()]
    if told != seen and (_SIGNAL.search(ran.log) is None):
        if not tests or not sum(told):
            return _without_tests(name, ran, test)
        reason = f"cargo counts {told} tests passed, failed, ignored, and names {seen}"
        return Step(name, Ending.INVALID, reason)
    if ran.code and not any(each.outcome == "failed" for each in tests):
        return _without_tests(name, ran, test)
    if not any(_is(each.name, test) for each in tests):
        return Step(name, Ending.NOTHING_RAN, f"cargo ran no test named {test}")
    return step_of(name, tests)


def _is(found: str, asked: str) -> bool:
    return found == asked or found.endswith(f"::{asked}")


def _tests(log: str) -> Iterator[NamedTest]:
    for match in _LINE.finditer(log):
        yield NamedTest(match["name"], _OUTCOMES[match["outcome"]], match["why"] or "")


def _without_tests(name: str, ran: Ran, test: str) -> Step:
    """Say why no test was reported: it crashed, was not compiled, or was not there."""
    if _NO_MEMORY.search(ran.log):
        return Step(name, Ending.OUT_OF_MEMORY, "a test could not allocate memory")
    if signal := _SIGNAL.search(ran.log):
        return Step(name, Ending.CRASHED, f"a test was ended by {signal['name']}")
    if ran.code:
        error = _ERROR.search(ran.log)
        text = error[0] if error else "no error told"
        return Step(name, Ending.CRASHED, f"cargo ended with code {ran.code}: {text}")
    return Step(name, Ending.NOTHING_RAN, f"cargo ran no test named {test}")
