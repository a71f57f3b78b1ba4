"""The lifecycle as it is drawn: every word and every move of the table, and nothing else."""

import re
from pathlib import Path

from pv.registry.lifecycle import load_lifecycle
from pv.report.build import registry_view
from pv.report.render import Renderer


def test_every_word_and_move_is_drawn(tmp_path):
    (tmp_path / "contracts").mkdir()
    view = registry_view(tmp_path, local=False, base="docs")
    text = Renderer().section("lifecycle", {"lifecycle": view.lifecycle}, Path("docs/lifecycle.md"))
    lifecycle = load_lifecycle(tmp_path)
    for part in text.split("### ")[1:]:
        vocabulary = getattr(lifecycle, part.split()[0].lower())
        drawn = set(re.findall(r"^    (\w+) --> (\w+)$", part, re.MULTILINE))
        assert drawn == {(one, to) for one, others in vocabulary.moves.items() for to in others}
        assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == list(vocabulary.words)
    assert text.count("```mermaid") == 4
