"""Progress in steps: silent at first, one line on a terminal, few lines elsewhere."""

import io

import pytest

from pv.output import steps
from pv.output.steps import Steps, announced


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(steps.time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_told_within_two_seconds(clock):
    stream = Terminal()
    with Steps(stream, "layers") as told:
        clock[0] += 1.9
        told(3, 30)
    assert stream.getvalue() == ""


def test_a_terminal_has_one_line_that_goes_at_the_end(clock):
    stream = Terminal()
    with Steps(stream, "layers traced") as told:
        clock[0] += 63
        told(3, 30)
        told(4, 30)  # too soon after the last
        clock[0] += 1
        told(5, 30)
    shown = stream.getvalue()
    assert "\n" not in shown
    lines = [line.rstrip() for line in shown.split("\r")]
    assert lines == ["", "1:03  layers traced: 3 of 30", "1:04  layers traced: 5 of 30", "", ""]
    assert all(len(line) < 80 for line in shown.split("\r"))


def test_where_nobody_watches_a_line_comes_now_and_then(clock):
    stream = io.StringIO()
    with Steps(stream, "layers") as told:
        for done in range(70):
            clock[0] += 1
            told(done, 70)
    assert stream.getvalue() == "0:30  layers: 29 of 70\n1:00  layers: 59 of 70\n"


def test_what_has_no_steps_is_announced_on_a_terminal_and_taken_away():
    watched, unwatched = Terminal(), io.StringIO()
    for stream in (watched, unwatched):
        with announced(stream, "replaying x\x1b"):
            pass
    assert watched.getvalue().startswith("\rreplaying x\\x1b\r")
    assert watched.getvalue().endswith(" \r")
    assert unwatched.getvalue() == ""
