"""Configuration: where it is found, what it changes, and that nothing in it is passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pv.errors import UsageError
from pv.lint.config import FORMATS, KEYS, Flags, apply
from pv.output.names import Format
from tests.unit.cli.history_repository import commit
from tests.unit.lint.in_process import pv

WARNING = (
    "metadata: { version: 1.0.0, kind: pattern, description: one, references: [ two ] }\n"
    "falsification_tests:\n"
    "  - { id: F-1, rule: r, prediction: p, if_fails: i, test: by hand }\n"
    "unkno: 1\n"
)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "a-v1.yaml").write_text(WARNING)
    return tmp_path


def configured(registry: Path, text: str, name: str = "pv.toml") -> None:
    (registry / name).write_text(text, encoding="utf-8")


def code(registry: Path, *flags: str) -> int:
    return pv("lint", *flags, folder=registry).returncode


EFFECTS = {
    "strict": "strict = true\n",
    "strict_test_binding": "strict_test_binding = true\n",
    "base": 'base = "nowhere"\n',
    "baseline": 'baseline = "gone.json"\n',
    "severity": '[severity]\nPV-SCH-003 = "error"\n',
}


def test_every_key_changes_what_a_run_comes_to(registry: Path) -> None:
    assert {*EFFECTS, "ignore", "select", "format", "templates", "trusted_keys"} == set(KEYS)
    assert code(registry) == 0
    for key, text in EFFECTS.items():
        configured(registry, text)
        assert code(registry) == (2 if key in {"base", "baseline"} else 1), key
    configured(registry, EFFECTS["strict"] + '[ignore]\nunknown-key = "they come from outside"\n')
    done = pv("lint", folder=registry)
    assert " · 1 ignored by configuration" in done.stdout.splitlines()[-1]
    assert "PV-SCH-003" not in done.stdout
    configured(registry, EFFECTS["strict"] + '[severity]\nPV-SCH-003 = "info"\n')
    assert "info PV-SCH-003" in pv("lint", folder=registry).stdout


def test_the_formats_are_those_that_can_be_written() -> None:
    assert [each.value for each in Format] == list(FORMATS)


@pytest.mark.parametrize("command", [("lint",), ("validate", "contracts")])
def test_format_and_select_stand_in_the_file_and_the_command_line_wins(
    registry: Path, command: tuple[str, ...]
) -> None:
    configured(registry, 'format = "concise"\nselect = ["PV-VER", "unknown-key"]\n')
    done = pv(*command, folder=registry)
    assert "\ncontracts/a-v1.yaml:4:1: " in f"\n{done.stdout}"
    assert "do: " not in done.stdout
    assert done.stdout.count("PV-SCH-003") == 1
    assert pv(*command, "-f", "jsonl", folder=registry).stdout.startswith("{")
    done = pv(*command, "-f", "text", "--select", "PV-VER-001,PV-CHG", folder=registry)
    assert "PV-SCH-003" not in done.stdout
    assert " of rules not selected" in done.stdout.splitlines()[-1]


def test_validate_follows_what_is_configured(registry: Path) -> None:
    def last() -> tuple[int, str]:
        done = pv("validate", "contracts", folder=registry)
        return done.returncode, done.stdout.splitlines()[-1]

    assert last() == (0, "1 file · 0 errors · 1 warning · PASS")
    configured(registry, "strict = true\n")
    assert last() == (1, "1 file · 0 errors · 1 warning · FAIL")
    configured(registry, '[severity]\nunknown-key = "error"\n')
    assert last() == (1, "1 file · 1 error · 0 warnings · FAIL")
    configured(registry, 'strict = true\n[ignore]\nunknown-key = "elsewhere"\n')
    assert last() == (0, "1 file · 0 errors · 0 warnings · 1 ignored by configuration · PASS")
    configured(registry, 'strict = true\nbaseline = "known.json"\n')
    assert pv("baseline", "write", folder=registry).returncode == 0
    assert last() == (0, "1 file · 0 errors · 0 warnings · 1 in the baseline · PASS")


def test_a_gate_without_a_selected_rule_is_not_asked(registry: Path) -> None:
    done = pv("lint", "--select", "PV-CHG", folder=registry)
    gates = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()[:18])
    assert gates["versions"].startswith("pass")
    assert gates["ship"] == "not asked for: none of its rules is selected"
    assert gates["validate"].startswith("pass")


def test_an_unreadable_file_counts_whatever_is_selected(registry: Path) -> None:
    (registry / "contracts" / "b-v1.yaml").write_text("a: [\n")
    for command in (("lint",), ("validate", "contracts")):
        done = pv(*command, "--select", "PV-CHG", folder=registry)
        assert done.returncode == 1
        assert "PV-YML-" in done.stdout


def test_a_suppression_of_a_rule_not_selected_is_not_called_unused(registry: Path) -> None:
    file = registry / "contracts" / "a-v1.yaml"
    file.write_text(WARNING.replace("unkno: 1", "unkno: 1 # pv: ignore PV-SCH-003 -- elsewhere"))
    done = pv("lint", "--select", "PV-CHG", folder=registry)
    assert "PV-SUP-002" not in done.stdout


def test_an_id_of_the_rust_pv_stands_for_all_of_ours(registry: Path) -> None:
    configured(registry, "[ignore]\nSCHEMA-001 = 'elsewhere'\n")
    assert apply(registry).options.ignored == ("PV-SCH-017", "PV-SCH-018")


def test_a_table_in_pyproject_means_the_same(registry: Path) -> None:
    configured(registry, "[tool.other]\nstrict = 1\n", "pyproject.toml")
    assert code(registry) == 0
    configured(registry, "[tool.pv]\nstrict_test_binding = true\n", "pyproject.toml")
    assert code(registry) == 1
    configured(registry, "")
    done = pv("config", folder=registry)
    assert done.returncode == 2
    assert "both stand in" in done.stderr


def test_it_is_looked_for_up_to_the_top_of_the_checkout(tmp_path: Path) -> None:
    inner = tmp_path / "checkout" / "deep"
    inner.mkdir(parents=True)
    configured(tmp_path, "strict = true\n")
    assert not apply(inner).options.strict
    configured(tmp_path / "checkout", "strict = true\n")
    assert not apply(inner).options.strict  # no checkout: strangers' files do not apply
    (tmp_path / "checkout" / ".git").mkdir()
    assert apply(inner).options.strict
    configured(inner, "")
    assert not apply(inner).options.strict
    (inner / "pv.toml").unlink()
    (tmp_path / "checkout" / "pv.toml").unlink()
    assert not apply(inner).options.strict


def test_config_shows_what_applies_and_from_where(registry: Path) -> None:
    assert pv("baseline", "write", "--baseline", "known.json", folder=registry).returncode == 0
    commit(registry, "one")
    configured(
        registry,
        'strict = true\nbase = "HEAD"\nbaseline = "known.json"\n'
        'severity = { unsemantic-version = "warning" }\n[ignore]\n"PV-SCH-003" = "outside"\n',
    )
    done = pv("config", "--base", "main", folder=registry)
    assert done.stdout.splitlines() == [
        "strict                   true  (pv.toml:1)",
        "strict_test_binding      false  (default)",
        "format                   text  (default)",
        "base                     main  (flag)",
        f"baseline                 {registry / 'known.json'}  (pv.toml:3)",
        "templates                none  (default)",
        "select                   every rule  (default)",
        "trusted_keys             none  (default)",
        "severity.unsemantic-version warning  (pv.toml:4)",
        "ignore.PV-SCH-003        outside  (pv.toml:6)",
    ]
    assert done.returncode == 0


REFUSED = {
    'strict = true\nbase = "nowhere"\n': ('pv.toml:2:1: base "nowhere": ', ("lint", "config")),
    '\nbaseline = "gone.json"\n': (
        "pv.toml:2:1: baseline: no baseline ",
        ("lint", "config", "validate"),
    ),
    '\n\nselect = ["PV-XYZ"]\n': (
        "pv.toml:3:1: select: no rule 'PV-XYZ'",
        ("lint", "config", "validate"),
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_lint_refuses_is_refused_everywhere_with_file_line_and_key(
    registry: Path, text: str
) -> None:
    commit(registry, "one")
    configured(registry, text)
    place, commands = REFUSED[text]
    for command in commands:
        arguments = [command, "contracts"] if command == "validate" else [command]
        done = pv(*arguments, folder=registry)
        said = " ".join(done.stderr.split())  # long messages are broken into lines
        assert (done.returncode, said.startswith(place)) == (2, True), done.stderr
        assert "--base" not in said.partition(" do: ")[0]


def test_a_flag_that_cannot_be_followed_is_called_by_its_name(registry: Path) -> None:
    commit(registry, "one")
    configured(registry, 'base = "HEAD"\n')
    for command in ("lint", "config"):
        done = pv(command, "--base", "nowhere", folder=registry)
        assert (done.returncode, done.stderr) == (2, "--base nowhere: no revision nowhere\n")


def test_a_flag_comes_before_the_file(registry: Path) -> None:
    configured(registry, 'base = "HEAD"\nbaseline = "known.json"\n')
    flags = Flags(strict=True, base="main", baseline=Path("mine.json"))
    found = apply(registry, flags, read_baseline=False)
    assert (found.options.strict, found.options.base) == (True, "main")
    assert found.baseline == Path("mine.json")


@pytest.mark.parametrize(
    ("text", "place", "said", "advice"),
    [
        ("\nstritc = true\n", "2:1", 'unknown key "stritc"', "did you mean strict?"),
        ("wholly-other = 1\n", "1:1", 'unknown key "wholly-other"', "known keys: strict"),
        ('strict = "yes"\n', "1:1", "strict is yes, expected true or false", ""),
        ('format = "xml"\n', "1:1", "format is xml, expected one of text, concise", ""),
        ('select = "PV-VER"\n', "1:1", "select is PV-VER, expected a list of rules", "write"),
        ("select = []\n", "1:1", "select is [], expected a list of rules", "write"),
        ("select = ['unknown-kee']\n", "1:1", "no rule", "did you mean unknown-key?"),
        ("base = 1\n", "1:1", "base is 1, expected a text", ""),
        ('baseline = ""\n', "1:1", "baseline is , expected a text", ""),
        ("ignore = [ 'PV-SCH-003' ]\n", "1:1", "expected a table of rules", ""),
        ("[ignore]\nPV-SCH-03 = 'r'\n", "2:1", "no rule 'PV-SCH-03'", "did you mean PV-SCH-003?"),
        ("[ignore]\nPV-SCH-003 = ' '\n", "2:1", "without a reason", "write PV-SCH-003"),
        ("[ignore]\nPV-YML-001 = 'r'\n", "2:1", "PV-YML-001 always counts", ""),
        (
            "[severity]\nPV-SCH-003 = 'info'\n[ignore]\nPV-SCH-003 = ''\n",
            "4:1",
            "without a reason",
            "",
        ),
        ("[severity]\nPV-SUP-001 = 'info'\n", "2:1", "PV-SUP-001 always counts", ""),
        ("[severity]\nPV-SCH-003 = 'fatal'\n", "2:1", "expected one of error, warning, info", ""),
    ],
)
def test_what_cannot_be_followed_is_told_with_its_place(
    tmp_path: Path, text: str, place: str, said: str, advice: str
) -> None:
    configured(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        apply(tmp_path)
    assert said in caught.value.message
    assert advice in caught.value.advice
    assert str(caught.value.span) == f"pv.toml:{place}"


def test_what_is_no_file_is_no_configuration_either(tmp_path: Path) -> None:
    (tmp_path / "pv.toml").symlink_to("gone")
    with pytest.raises(UsageError, match="is no file"):
        apply(tmp_path)
    (tmp_path / "pv.toml").unlink()
    (tmp_path / "pv.toml").mkdir()
    with pytest.raises(UsageError, match="is no file"):
        apply(tmp_path)


@pytest.mark.parametrize("text", ["strict =", "a = 1\na = 2", "\x00", "[tool]\npv = 1"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    configured(tmp_path, text + "\n# tool.pv", "pyproject.toml")
    with pytest.raises(UsageError):
        apply(tmp_path)
    configured(tmp_path, "a = 1\na = 2", "pyproject.toml")  # does not speak of us: others' concern
    assert apply(tmp_path).options.base is None


@pytest.mark.parametrize(
    "text",
    [
        "[tool.pv]\nstrict = true\n",
        "[ tool . 'pv' ]\nstrict = true\n",
        '["tool"."pv"]\nstrict = true\n',
        "tool.pv.strict = true\n",
        '"tool".pv = { strict = true }\n',
        "[tool]\npv.strict = true\n",
        "['tool']\npv = { strict = true }\n",
        "tool = { pv = { strict = true } }\n",
        "[tool.'\\u0070v']\n[tool.\"\\u0070v\"]\nstrict = true\n",
    ],
)
def test_every_spelling_of_the_table_is_found(tmp_path: Path, text: str) -> None:
    configured(tmp_path, text, "pyproject.toml")
    assert apply(tmp_path).options.strict is True


def test_a_file_of_any_size_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    os.truncate(tmp_path / "pyproject.toml", 1 << 40)
    with pytest.raises(UsageError, match="expected a plain file of at most 4,194,304 bytes"):
        apply(tmp_path)
