"""Commands that write where they are told never take the place of what somebody made."""

import pytest

from pv.cli.destination import check_destination
from pv.errors import UsageError
from tests.unit.lint.in_process import pv

CONTRACT = "metadata: {id: kept, version: 1.0.0}\n"


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "kept.yaml").write_text(CONTRACT)
    (tmp_path / "named").write_text(CONTRACT)
    (tmp_path / "link.json").symlink_to(tmp_path / "named")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("validate", "contracts", "-f", "json", "-o"), "contracts/kept.yaml"),
        (("validate", "named", "-f", "json", "-o"), "named"),
        (("validate", "named", "-f", "json", "-o"), "link.json"),
        (("lint", "-f", "sarif", "-o"), "contracts/kept.yaml"),
        (("lint", "-f", "sarif", "-o"), "contracts"),
        (("discharge", "--all", "--format", "json", "-o"), "contracts/kept.yaml"),
        (
            ("discharge", "--all", "--live", "--model", "named", "--format", "json", "-o"),
            "link.json",
        ),
        (("discharge", "--all", "--format", "json", "-o"), "contracts"),
        (("report", "--output"), "contracts/kept.yaml"),
        (("report", "--output"), "contracts"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_an_input_is_never_an_output(registry, words, place):
    done = pv(*words, place, folder=registry)
    assert done.returncode == 2, done.stdout + done.stderr
    assert place in done.stderr
    assert max(map(len, done.stderr.splitlines())) <= 80
    assert (registry / "contracts" / "kept.yaml").read_text() == CONTRACT
    assert (registry / "named").read_text() == CONTRACT


def test_an_output_may_be_written_again_and_to_a_pipe(registry):
    for place in ("out.json", "out.json", "/dev/null"):
        assert pv(
            "validate", "contracts", "-f", "json", "-o", place, folder=registry
        ).returncode in {0, 1}
    check_destination("-o", registry / "new.json", [registry / "gone.gguf"])
    with pytest.raises(UsageError, match="no folder"):
        check_destination("-o", registry / "none" / "out.json")
