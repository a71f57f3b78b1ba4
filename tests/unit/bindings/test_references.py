"""Every form of reference over a small tree of Rust and Python sources."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from pv.bindings.interface import BindingClass, Resolution
from pv.bindings.resolve import Resolver
from pv.model.contract import Binding, BindingKind, Falsifier

HERE = Path(__file__).parent
FIXTURE = HERE / "fixture"
ROWS = yaml.safe_load((HERE / "references.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(FIXTURE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:60] or "empty")
def test_a_reference_ends_in_one_class(resolver: Resolver, row: dict[str, str]) -> None:
    (found,) = resolver.resolve_text(row["text"])
    assert found.binding_class == row["is"], found
    if "id" in row:
        assert [target.id for target in found.targets] == [row["id"]]
    if "nearest" in row:
        assert found.nearest == row["nearest"]


def test_the_table_holds_rows_of_both_kinds() -> None:
    kinds = Counter(row["is"] for row in ROWS)
    assert len(ROWS) >= 120
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert kinds["bound"] >= 50
    assert kinds["dangling"] >= 40
    assert sum(kinds.values()) == len(ROWS)


def test_every_bound_target_stands_where_it_says(resolver: Resolver) -> None:
    for row in ROWS:
        (found,) = resolver.resolve_text(row["text"])
        for target in found.targets:
            line = (FIXTURE / target.file).read_text(encoding="utf-8").splitlines()[target.line - 1]
            assert target.id.rsplit("::", 1)[-1] in line, target


def test_nothing_that_is_read_is_run(resolver: Resolver, tmp_path: Path) -> None:
    assert resolver.resolve_text("harnesses/grain.py::yield_of_flour")[0].targets
    assert not list(FIXTURE.rglob("proof-that-it-was-imported"))
    assert not Path("proof-that-it-was-imported").exists()


def test_several_commands_are_several_references(resolver: Resolver) -> None:
    text = (
        "cargo test -p mill one_line\ncargo test -p mill gone_test; pv lint && cargo test -p mill"
    )
    classes = [found.binding_class for found in resolver.resolve_text(text)]
    assert classes == ["bound", "dangling", "shell", "ambiguous"]


def falsifier(kind: BindingKind, text: str = "", **given: object) -> Falsifier:
    binding = {key: given.pop(key) for key in ("argv", "reason", "details") if key in given}
    return Falsifier(
        id="F-1",
        path=("falsification_tests", 0),
        rule="",
        prediction="",
        binding=Binding(kind, text, ("falsification_tests", 0), **binding),  # type: ignore[arg-type]  # a table of keyword arguments
        **given,  # type: ignore[arg-type]  # as above
    )


STRUCTURED = [
    (falsifier(BindingKind.HARNESS, "harnesses/grain.py::yield_of_flour"), "bound"),
    (
        falsifier(
            BindingKind.HARNESS, "harnesses/grain.py::yield_of_flour", controls=("wet_grain",)
        ),
        "bound",
    ),
    (
        falsifier(
            BindingKind.HARNESS, "harnesses/grain.py::yield_of_flour", controls=("dry_grain",)
        ),
        "dangling",
    ),
    (
        falsifier(
            BindingKind.HARNESS, "harnesses/grain.py::yield_of_flour", green_controls=("unknown",)
        ),
        "dangling",
    ),
    (falsifier(BindingKind.HARNESS, "harnesses/computed.py::measure", controls=("x",)), "bound"),
    (falsifier(BindingKind.HARNESS, "harnesses/grain.py::Holder::method"), "dangling"),
    (falsifier(BindingKind.HARNESS, "harnesses/grain.py"), "dangling"),
    (falsifier(BindingKind.PYTEST, "checks/test_grain.py::test_sack"), "bound"),
    (falsifier(BindingKind.PYTEST, "checks/test_grain.py"), "ambiguous"),
    (falsifier(BindingKind.PYTEST, "checks/test_grain.py::TestMill"), "bound"),
    (falsifier(BindingKind.PYTEST, "checks/test_grain.py::helper"), "dangling"),
    (falsifier(BindingKind.CARGO, "cargo test -p mill one_line"), "bound"),
    (
        falsifier(BindingKind.CARGO, "x", details={"package": "mill", "filter": "tests::one_line"}),
        "bound",
    ),
    (
        falsifier(BindingKind.CARGO, "x", details={"package": "mill", "target": "flw"}),
        "dangling",
    ),
    (
        falsifier(BindingKind.CARGO, "x", details={"package": "mill", "filter": "one_line"}),
        "dangling",
    ),
    (
        falsifier(
            BindingKind.CARGO,
            "x",
            details={
                "package": "mill",
                "target": "declared",
                "filter": "needs_slow",
                "features": ("slow",),
                "manifest": "crates/mill/Cargo.toml",
            },
        ),
        "bound",
    ),
    (
        falsifier(
            BindingKind.CARGO,
            "x",
            details={"package": "mill", "filter": "tests::long_run", "ignored": True},
        ),
        "bound",
    ),
    (falsifier(BindingKind.COMMAND, "x", argv=("bash", "scripts/check.sh")), "shell"),
    (falsifier(BindingKind.COMMAND, "x", argv=("bash", "scripts/gone.sh")), "dangling"),
    (falsifier(BindingKind.PLANNED, "", reason="no model yet"), "planned"),
    (falsifier(BindingKind.BLOCKED, "", reason="no device"), "blocked"),
    (falsifier(BindingKind.MANUAL, "", reason="a person reads it"), "manual"),
    (falsifier(BindingKind.ABSENT), "absent"),
    (
        falsifier(
            BindingKind.EXTERNAL,
            "mill::tests::one_line",
            details={"repository": "example.org/mill", "reference": "mill::tests::one_line"},
        ),
        "external",
    ),
    (falsifier(BindingKind.EXTERNAL, "checks/test_grain.py::test_sack"), "external"),
    (
        falsifier(BindingKind.CARGO, "cargo test x", details={"repository": "example.org/mill"}),
        "external",
    ),
]


@pytest.mark.parametrize(("given", "expected"), STRUCTURED)
def test_structured_bindings(resolver: Resolver, given: Falsifier, expected: str) -> None:
    (found,) = resolver.resolve(given)
    assert found.binding_class == expected, found


def test_unknown_controls_are_named_with_the_nearest(resolver: Resolver) -> None:
    given = falsifier(
        BindingKind.HARNESS, "harnesses/grain.py::yield_of_flour", controls=("wet_grian",)
    )
    assert resolver.resolve(given) == (
        Resolution(
            BindingClass.DANGLING,
            "harnesses/grain.py::yield_of_flour",
            "harnesses/grain.py knows no control wet_grian",
            nearest="wet_grain",
            missing="wet_grian",
        ),
    )


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b.py::f", "`" * 40_000, "cargo " * 20_000, "::" * 9]
)
def test_hostile_text_ends_in_a_class(resolver: Resolver, text: str) -> None:
    assert all(isinstance(found, Resolution) for found in resolver.resolve_text(text))


def test_a_tree_without_sources_resolves_nothing(tmp_path: Path) -> None:
    (found,) = Resolver(tmp_path).resolve_text("cargo test -p mill one_line")
    assert (found.binding_class, found.reason) == (
        BindingClass.DANGLING,
        "no Cargo.toml with a package below the registry root",
    )


def test_a_packed_harness_may_be_named_where_the_registry_has_no_such_file(tmp_path: Path) -> None:
    reference = "falsifiers/ffn_gguf/softmax_saturation.py::amplification"
    given = falsifier(BindingKind.HARNESS, reference)
    (packed,) = Resolver(tmp_path).resolve(given)
    assert packed.binding_class is BindingClass.BOUND
    (tmp_path / "falsifiers" / "ffn_gguf").mkdir(parents=True)
    (tmp_path / "falsifiers" / "ffn_gguf" / "softmax_saturation.py").write_text("", "utf-8")
    (own,) = Resolver(tmp_path).resolve(given)
    assert own.binding_class is BindingClass.DANGLING
