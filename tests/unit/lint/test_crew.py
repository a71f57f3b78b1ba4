"""Work by several processes: every task once, whatever becomes of a worker."""

import os
import signal
import sys
import threading

import pytest

from pv.lint import crew
from pv.lint.crew import LEAST, crew_of, spread

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are forked")

HERE = os.getpid()


def each(do):
    """Return what does several tasks, from what does one."""
    return lambda numbers: [do(number) for number in numbers]


def square(number: int) -> tuple[int, str]:
    return number * number, "é" * (number % 7)


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
@pytest.mark.parametrize("tasks", [0, 1, 24, 25, 26, 1_000])
def test_every_task_is_answered_once(tasks, workers):
    answers = list(spread(tasks, each(square), workers))
    assert sorted(answers) == [(number, square(number)) for number in range(tasks)]


def test_several_processes_do_the_work():
    pids = {answer for _, answer in spread(2_000, each(lambda number: os.getpid()), 2)}
    assert HERE not in pids
    assert 1 <= len(pids) <= 2


def test_answers_larger_than_a_pipe_arrive():
    answers = dict(spread(60, each(lambda number: "x" * 300_000 + str(number)), 2))
    assert all(answers[number] == "x" * 300_000 + str(number) for number in range(60))


def test_more_batches_than_a_pipe_holds_are_made_larger():
    tasks = crew._ROOM // crew._NUMBER.size * crew._BATCH * 2
    assert len(list(spread(tasks, each(lambda number: None), 2))) == tasks


def die(number: int) -> int:
    if os.getpid() != HERE and number % 100 == 60:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def raise_elsewhere(number: int) -> int:
    if os.getpid() != HERE and number == 130:
        raise RuntimeError("only in a worker")
    return number


def answer_what_cannot_be_sent(number: int) -> object:
    return object if os.getpid() != HERE and number == 10 else number


@pytest.mark.parametrize("do", [die, raise_elsewhere, answer_what_cannot_be_sent])
def test_what_a_worker_leaves_is_done_here(do):
    assert sorted(spread(500, each(do), 2)) == [(number, number) for number in range(500)]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # nobody is left behind


def test_what_a_task_raises_reaches_the_caller():
    def broken(number: int) -> int:
        if number == 77:
            raise ValueError("task 77")
        return number

    with pytest.raises(ValueError, match="task 77"):
        list(spread(300, each(broken), 2))


def test_a_caller_that_stops_listening_leaves_no_process():
    answers = spread(5_000, each(lambda number: "x" * 20_000), 2)
    next(answers)
    answers.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_few_tasks_and_threads_stay_in_one_process(monkeypatch):
    with monkeypatch.context() as alone:  # tests before this one may have left a pool of threads
        alone.setattr(threading, "active_count", lambda: 1)
        assert crew_of(LEAST - 1) == 1
        assert crew_of(LEAST) == max(1, min(len(os.sched_getaffinity(0)), 2))
    ready, done = threading.Event(), threading.Event()
    other = threading.Thread(target=lambda: (ready.set(), done.wait(10)))
    other.start()
    ready.wait(10)
    try:
        assert crew_of(10_000) == 1
    finally:
        done.set()
        other.join()
