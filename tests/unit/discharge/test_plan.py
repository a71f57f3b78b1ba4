"""From ids to jobs, and a name for everything that will not run."""

from __future__ import annotations

import pytest

from pv.discharge.job import Job
from pv.discharge.plan import Request, command, plan
from pv.errors import UsageError
from pv.model.contract import short_id
from pv.model.receipt import Outcome
from pv.model.verdict import Cause, Level, Verdict
from pv.registry.contracts import load_contracts
from pv.tensors import model_registry

LIVE = """
  - id: FALSIFY-TOY-101
    rule: excess is small on a model
    prediction: excess stays at or below 2
    harness: falsifiers/toy.py::excess
    parameters: { step: 1.0 }
    models:
      quorum: all
      accept:
        - { name: big-7b, architecture: qwen2, sha256: unrecorded }
        - { name: small, architecture: llama, sha256: %s }
    expect:
      - { metric: excess, op: "<=", value: 2.0, reason: "by construction" }
    controls: [tripled]
    if_fails: it grows
"""
ACCEPTED = "a" * 64
PLANNED = """
  - id: FALSIFY-TOY-201
    rule: later
    prediction: something
    planned: { reason: no trace yet }
    if_fails: it is not there
"""
PYTEST = """
  - id: FALSIFY-TOY-202
    rule: elsewhere
    prediction: something
    pytest: tests/test_x.py::test_y
    if_fails: it is red
"""


def planned(toy, *ids, **options):
    options.setdefault("everything", not ids)
    request = Request(toy.root, ids, **options)
    return plan(load_contracts(toy.root), request)


def shapes(items):
    return [
        ("job", each.model.name if each.model else None)
        if isinstance(each, Job)
        else (each.verdict.value, each.model.name if each.model else None)
        for each in items
    ]


@pytest.mark.parametrize("text", ["TOY-001", "FALSIFY-TOY-001", "001"])
def test_ids_by_their_short_forms(toy, text):
    toy.contract(toy.entry("001"), toy.entry("1001"))
    (job,) = planned(toy, text)
    assert job.falsifier.id == "FALSIFY-TOY-001"


def test_an_id_asked_for_twice_runs_once(toy):
    toy.contract(toy.entry("001"))
    assert len(planned(toy, "001", "TOY-001")) == 1


def test_an_unknown_id_names_the_nearest(toy):
    toy.contract(toy.entry("001"), toy.entry("002"))
    with pytest.raises(UsageError, match="no contract has a falsifier 'TOY-01'") as caught:
        planned(toy, "TOY-01")
    assert "did you mean TOY-001" in caught.value.advice


def test_an_unknown_id_tells_of_contracts_that_cannot_be_read(toy):
    toy.contract(toy.entry("001"))
    (toy.root / "contracts" / "broken.yaml").write_text("metadata: {")
    with pytest.raises(UsageError, match=r"contracts/broken\.yaml:1"):
        planned(toy, "TOY-900")


def test_an_ambiguous_id_names_all_it_fits(toy):
    toy.contract(toy.entry("001"))
    toy.contract(toy.entry("001"), name="other-v1")
    with pytest.raises(UsageError, match=r"fits 2 falsifiers: .*other-v1.*toy-v1"):
        planned(toy, "TOY-001")


@pytest.mark.parametrize(("ids", "everything"), [((), False), (("TOY-001",), True)])
def test_ids_or_all_and_not_both(toy, ids, everything):
    with pytest.raises(UsageError, match="expected ids of falsifiers, or --all"):
        planned(toy, *ids, everything=everything)


def test_a_contract_that_does_not_parse_spoils_only_itself(toy):
    toy.contract(toy.entry("001"))
    (toy.root / "contracts" / "broken.yaml").write_text("metadata: {")
    items = planned(toy)
    assert shapes(items) == [("job", None), ("ERROR", None)]
    assert items[1].falsifier == "contracts/broken.yaml"
    assert items[1].cause is Cause.BAD_INPUT


def test_an_entry_with_a_fault_is_refused_before_it_runs(toy):
    toy.contract(toy.entry("001").replace("value: 2.0", "valeu: 2.0"), toy.entry("002"))
    items = planned(toy)
    assert shapes(items) == [("ERROR", None), ("job", None)]
    assert "the entry has a fault" in items[0].headline


COMMAND = """
  - id: FALSIFY-TOY-203
    rule: a program
    prediction: something
    command: [falsifiers/check.sh]
    if_fails: it is red
"""


def test_what_cannot_run_is_skipped_when_asked_for_and_not_run_else(toy):
    toy.contract(toy.entry("001"), PLANNED, PYTEST, COMMAND)
    absent = ("NOT_RUN", None)
    assert shapes(planned(toy)) == [("job", None), absent, ("job", None), absent]
    skipped = ("SKIPPED", None)
    assert shapes(planned(toy, "TOY-20*")) == [skipped, ("job", None), skipped]
    (item,) = planned(toy, "TOY-203")
    assert item.headline == "command: falsifiers/check.sh: declares no success"
    assert item.verdict is Verdict.SKIPPED
    (item,) = planned(toy, "TOY-201")
    assert (item.verdict, item.headline) == (Verdict.SKIPPED, "planned: no trace yet")


@pytest.fixture
def models(monkeypatch):
    """Replace the lookup of models by a table of name or path to digest or error."""
    table = {}

    def resolve(name, override_path=None):
        found = table.get(str(override_path or name))
        if found is None:
            raise model_registry.MissingError(f"model '{name}' is not configured, known are none")
        if isinstance(found, Exception):
            raise found
        return model_registry.Resolved(name, override_path or toy_path, found)

    toy_path = None
    monkeypatch.setattr(model_registry, "resolve", resolve)
    return table


def test_a_live_falsifier_without_live_is_not_run(toy, models):
    toy.contract(LIVE % ACCEPTED)
    (item,) = planned(toy, "TOY-101")
    assert (item.verdict, item.level) == (Verdict.NOT_RUN, Level.LIVE)
    assert "do: pv discharge TOY-101 --live" in item.headline


def test_without_any_accepted_model_a_live_run_is_skipped(toy, models):
    toy.contract(LIVE % ACCEPTED)
    items = planned(toy, "TOY-101", live=True)
    assert shapes(items) == [("SKIPPED", None), ("NOT_RUN", "big-7b"), ("NOT_RUN", "small")]
    assert [each.headline for each in items] == [
        "no accepted model is here; accepted: big-7b, small",
        "pv models add big-7b PATH; no sha256 on record",
        "pv models add small PATH; model 'small' is not configured",
    ]


def test_an_unrecorded_model_never_accepts_a_file(toy, models):
    models["big-7b"] = "b" * 64
    toy.contract(LIVE % ACCEPTED)
    assert shapes(planned(toy, "TOY-101", live=True))[1] == ("NOT_RUN", "big-7b")


def test_the_models_that_are_here_run_and_the_others_are_lines(toy, models):
    models["small"] = ACCEPTED
    toy.contract(LIVE % ACCEPTED)
    items = planned(toy, "TOY-101", live=True)
    assert shapes(items) == [("job", "small"), ("NOT_RUN", "big-7b")]
    assert (items[0].level, items[0].model.sha256) == (Level.LIVE, ACCEPTED)


def test_a_configured_file_that_is_another_is_skipped_with_both_digests(toy, models):
    models["small"] = "c" * 64
    toy.contract(LIVE % ACCEPTED)
    items = planned(toy, "TOY-101", live=True)
    assert shapes(items) == [("NOT_RUN", "big-7b"), ("SKIPPED", "small")]
    assert ACCEPTED in items[1].headline
    assert "c" * 64 in items[1].headline


def test_a_damaged_model_is_an_error(toy, models):
    models["small"] = model_registry.BadInputError("cut in half at byte 4711")
    toy.contract(LIVE % ACCEPTED)
    items = planned(toy, "TOY-101", live=True)
    assert shapes(items) == [("NOT_RUN", "big-7b"), ("ERROR", "small")]
    assert (items[1].cause, items[1].headline) == (Cause.BAD_INPUT, "cut in half at byte 4711")


def test_a_model_given_by_path_must_have_an_accepted_digest(toy, models, tmp_path):
    toy.contract(LIVE % ACCEPTED)
    path = tmp_path / "model.gguf"
    models[str(path)] = ACCEPTED
    items = planned(toy, "TOY-101", live=True, model=path)
    assert shapes(items) == [("job", "small"), ("NOT_RUN", "big-7b")]
    models[str(path)] = "d" * 64
    items = planned(toy, "TOY-101", live=True, model=path)
    assert ("SKIPPED", None) in shapes(items)
    assert not any(isinstance(each, Job) for each in items)
    refusal = next(each for each in items if each.verdict is Verdict.SKIPPED)
    assert "d" * 64 in refusal.headline
    assert f"{ACCEPTED} (small)" in refusal.headline


def test_a_synthetic_falsifier_stays_synthetic_under_live(toy, models):
    toy.contract(toy.entry("001"))
    (job,) = planned(toy, "TOY-001", live=True)
    assert (job.level, job.model) == (Level.SYNTHETIC, None)


DEVICE = """
  - id: FALSIFY-TOY-301
    rule: kernels agree on a device
    prediction: no difference
    harness: falsifiers/toy.py::excess
    device: cuda
    parameters: { step: 1.0 }
    expect:
      - { metric: excess, op: "<=", value: 2.0, reason: "by construction" }
    controls: [tripled]
    timeout_seconds: 300
    if_fails: they differ
"""


def test_a_question_about_a_device_waits_for_one(toy):
    toy.contract(toy.entry("001"), DEVICE)
    job, waiting = planned(toy)
    assert (job.falsifier.id, waiting.verdict) == ("FALSIFY-TOY-001", Verdict.NOT_RUN)
    assert "do: pv discharge TOY-301 --device cuda" in waiting.headline
    assert waiting.command == ("pv", "discharge", "TOY-301", "--device", "cuda")
    (asked,) = planned(toy, "TOY-301")
    assert (asked.verdict, asked.device) == (Verdict.SKIPPED, "cpu")
    assert "--device sim (the simulator, at most PARTIAL_ALGORITHM_LEVEL)" in asked.headline


@pytest.mark.parametrize("device", ["cuda", "sim"])
@pytest.mark.parametrize("ids", [(), ("TOY-301",)])
def test_a_question_about_a_device_runs_where_one_is_asked_for(toy, device, ids):
    toy.contract(DEVICE)
    (job,) = planned(toy, *ids, device=device)
    assert (job.device, job.limits.seconds) == (device, 300.0)


def test_the_time_of_an_entry_gives_way_to_that_of_the_user(toy):
    toy.contract(DEVICE)
    (job,) = planned(toy, device="sim", own_timeouts=False)
    assert job.limits.seconds == 120.0


def test_the_command_repeats_the_run_without_a_path(tmp_path):
    request = Request(tmp_path, ("x",), device="sim", model=tmp_path / "m.gguf")
    assert command("FALSIFY-TOY-001", request, live=True) == (
        "pv",
        "discharge",
        "TOY-001",
        "--live",
        "--device",
        "sim",
    )
    assert short_id("FALSIFY-TOY-001") == "TOY-001"


def test_every_absence_carries_the_command(toy, models):
    toy.contract(LIVE % ACCEPTED, PLANNED)
    items = planned(toy, live=True)
    assert all(isinstance(each, Outcome) and each.command for each in items)


def test_ids_are_taken_in_any_case_and_told_in_their_own(toy):
    toy.contract(toy.entry("001"), toy.entry("002"))
    for text in ("toy-001", "falsify-toy-001", "Toy-001", "001"):
        assert [each.falsifier.id for each in planned(toy, text)] == ["FALSIFY-TOY-001"]
    assert len(planned(toy, "toy-*")) == 2


def test_an_exact_id_comes_before_one_of_another_case(toy):
    toy.contract(toy.entry("00A"), toy.entry("00a"))
    assert [each.falsifier.id for each in planned(toy, "TOY-00a")] == ["FALSIFY-TOY-00a"]
    with pytest.raises(UsageError, match="fits 2 falsifiers"):
        planned(toy, "toy-00A")


def test_a_registry_without_falsifiers_is_named(toy):
    for file in (toy.root / "contracts").glob("*.yaml"):
        file.unlink()
    (only,) = planned(toy)
    assert only.verdict is Verdict.SKIPPED
    assert only.headline == f"no falsifier under {toy.root / 'contracts'}, in 0 contracts"


def test_a_model_that_nothing_uses_is_refused(toy, tmp_path):
    toy.contract(toy.entry("001"), LIVE % ACCEPTED)
    with pytest.raises(UsageError, match="no model is used without --live"):
        planned(toy, model=tmp_path / "m.gguf")
    with pytest.raises(UsageError, match="none of the falsifiers that are asked for uses a model"):
        planned(toy, "TOY-001", live=True, model=tmp_path / "m.gguf")
