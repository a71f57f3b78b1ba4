"""The question about CUDA kernels: in the simulator, and at a device's sizes on stand-ins."""

from dataclasses import replace

import numpy as np
import pytest

from pv.discharge.job import Limits
from pv.discharge.plan import Request, plan
from pv.discharge.runners.choice import run_job
from pv.discharge.verdict import judge_run
from pv.errors import MissingError, UsageError
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import cuda_parity, cuda_questions
from pv.kernels import KERNELS, Backend, simulated
from pv.model.measurement import Measurements
from pv.model.verdict import Verdict
from pv.registry.contracts import load_contracts
from tests.unit.falsifiers.cuda_stand_ins import ENTRY, measure, stand_ins
from tests.unit.falsifiers.own_registry import ROOT, numbers, unmet

SMALL = {
    "blocks": 8, "full_blocks": 0, "activation_blocks": 1, "rows": 3, "blocks_per_row": 1,
    "length": 33, "tokens": 2, "elements": 70, "grids": [2, 9],
}  # fmt: skip


@pytest.fixture
def on_stand_ins(monkeypatch):
    monkeypatch.setattr(cuda_parity, "_kernels", stand_ins)


def test_the_kernels_hold_in_the_simulator_which_is_named_as_one():
    (job,) = plan(load_contracts(ROOT), Request(ROOT, (ENTRY.id,), device="sim"))
    left_out = ("uneven_grids", "written_mismatches")  # too small to leave a row unreached
    kept = tuple(each for each in ENTRY.expect if each.metric not in left_out)
    small = job.falsifier._replace(
        parameters={"seed": 3, "sim": SMALL},
        controls=("lost_lane", "unreached_rows", "other_ties", "overflow"),
        expect=kept,  # eight blocks are two warps: no grid leaves a remainder
    )
    job = replace(job, falsifier=small, limits=Limits(seconds=120))
    outcome = judge_run(job, run_job(job))
    assert outcome.verdict is Verdict.HELD, outcome.headline
    assert (outcome.device, outcome.environment["device"]) == ("cuda-simulator",) * 2
    assert outcome.headline.startswith("simulator: ")
    assert outcome.measurements.notes == ("kernels ran in the simulator, on no device",)
    assert all(each.red for each in outcome.controls)


def test_on_the_processor_there_is_no_such_question():
    with pytest.raises(MissingError, match="no form on the processor") as caught:
        cuda_parity.agreement(Run(ENTRY.parameters))
    assert "PARTIAL_ALGORITHM_LEVEL" in caught.value.explain()


def test_the_simulator_never_stands_in_for_a_device(monkeypatch):
    for in_simulator, device in ((True, "cuda"), (False, "sim")):
        monkeypatch.setattr(cuda_parity, "simulated", lambda answer=in_simulator: answer)
        with pytest.raises(MissingError, match=f"the run asks for {device}"):
            measure(device)
    assert not simulated()


def test_every_cuda_kernel_is_asked():
    asked = {each.operation for each in cuda_questions.questions(SMALL, 1)}
    assert asked == {each.operation for each in KERNELS if each.backend is Backend.CUDA}


@pytest.mark.parametrize("device", ["sim", "cuda"])
def test_the_sizes_of_the_entry_ask_what_they_should(device, on_stand_ins):
    measured = measure(device)
    assert Measurements.from_data(measured.to_data()) == measured
    assert unmet(ENTRY, measured) == set()
    assert {each.metric for each in ENTRY.expect} == set(numbers(measured))
    grids = ENTRY.parameters[device]["grids"]
    for question in cuda_questions.questions(ENTRY.parameters[device], 1):
        assert min(grids) < question.thread_blocks < max(grids)
        assert any(question.thread_blocks % grid for grid in grids if grid < max(grids))


def test_twenty_other_seeds_raise_no_alarm(on_stand_ins):
    for seed in range(1000, 1020):
        assert unmet(ENTRY, measure("sim", seed=seed)) == set(), seed


def test_one_element_of_one_kernel_on_one_grid_is_seen(monkeypatch):
    def damaged(asked, device):
        sound = stand_ins(asked, device)

        def softmax(x, *, grid):
            found = sound["softmax"](x, grid=grid)
            found[2, 7] *= np.float32(np.nan if grid == 10 else 1)
            return found

        def dequantize(blocks, *, grid):
            found = sound["q4k_dequantize"](blocks, grid=grid)
            found[3, 77] = np.nextafter(found[3, 77], np.float32(9)) if grid == 10 else found[3, 77]
            return found

        return sound | {"softmax": softmax, "q4k_dequantize": dequantize}

    monkeypatch.setattr(cuda_parity, "_kernels", damaged)
    found = numbers(measure("sim"))
    assert (found["not_finite"], found["weight_mismatches"]) == (1, 1)
    assert unmet(ENTRY, measure("sim")) == {"not_finite", "weight_mismatches"}


def test_another_dtype_or_shape_is_a_difference_of_every_element():
    ones = np.ones((2, 3), np.float32)
    assert cuda_questions.differing((ones.astype(np.float64),), (ones,)) == 6
    assert cuda_questions.differing((ones[:1],), (ones,)) == 6
    assert cuda_questions.differing((ones,), (ones,)) == 0


@pytest.mark.parametrize("name", [*SMALL])
def test_a_size_that_is_missing_is_refused_by_name(name, on_stand_ins):
    for value in (None, "3", -1, True):
        sizes = {**SMALL, name: value}
        with pytest.raises(UsageError, match=name):
            measure("sim", sim=sizes)


@pytest.mark.parametrize("sizes", [None, 3, {**SMALL, "grids": []}, {**SMALL, "grids": [2, 0]}])
def test_sizes_without_a_grid_are_refused(sizes, on_stand_ins):
    with pytest.raises(UsageError, match=r"grids is .*, expected a list of whole"):
        measure("sim", sim=sizes)


def test_what_the_contract_does_not_give_is_refused():
    for name in ("seed", "cuda"):
        left = {key: value for key, value in ENTRY.parameters.items() if key != name}
        with pytest.raises(UsageError, match=f"parameter '{name}' is missing"):
            cuda_parity.agreement(Run(left, device="cuda"))
    with pytest.raises(UsageError, match="'no_such_fault' is unknown, expected one of"):
        measure("sim", fault="no_such_fault")
