"""The incidents, in the order in which they are told."""

from __future__ import annotations

from typing import Final

from pv.story.incident import Catch, Commit, Incident, Pv

_DISCHARGE: Final = Pv(("discharge", "--all", "--format", "json"))
_LINT: Final = Pv(("lint", "--strict-test-binding", "--no-cache", "--format", "json"))
_LINT_STRICTLY: Final = Pv(("lint", "--strict", "--no-cache", "--format", "json"))

INCIDENTS: Final[tuple[Incident, ...]] = (
    Incident(
        "seven-tokens",
        "Seven tokens against the last one",
        "An 18.23x difference was hunted for two days: one engine's spread was taken over all"
        " seven tokens, the other's over the last.",
        (_DISCHARGE,),
        Catch("guard", "like-with-like", "tokens all against last"),
        exit_code=3,
    ),
    Incident(
        "model-tokens",
        "The same seven tokens, in a real model",
        "Both engines are sound; over unlike tokens the spread of 7 layers of 30 is apart by more"
        " than a factor of 2, of one by 282.",
        (Pv(("discharge", "--all", "--live", "--format", "json")),),
        Catch("guard", "like-with-like", "tokens all against last"),
        exit_code=3,
        model="smollm2-135m-instruct",
    ),
    Incident(
        "uncoupled-chain",
        "The chain of 28 layers that is no chain",
        "Each layer measured the first vector again, hardly rescaled; saturation and recovery were"
        " read from the series all the same.",
        (_DISCHARGE,),
        Catch("guard", "coupling", "no chain, unchained within"),
        exit_code=3,
    ),
    Incident(
        "near-zero-denominator",
        "The outlier layer of 442 percent",
        "The products of layer 24 cancelled, so a difference like all others was divided by almost"
        " nothing.",
        (_DISCHARGE,),
        Catch("guard", "conditioning", "the ratio shows cancellation"),
        exit_code=3,
    ),
    Incident(
        "two-growth-factors",
        "Two factors of 1.81 that agree by accident",
        "Layer 4 over layer 3 of one run and layer 27 over layer 0 of another are both 1.81; from"
        " that a law of saturation was made.",
        (_DISCHARGE,),
        Catch("guard", "like-with-like", "layer 27 over layer 0 against"),
        exit_code=3,
    ),
    Incident(
        "scalar-baseline",
        "A vector's error over a scalar's",
        "A growth of 5.70x divides the L2 error of 256 outputs by the error of one dot product of"
        " another fixture.",
        (_DISCHARGE,),
        Catch("guard", "like-with-like", "elements 256 against 1"),
        exit_code=3,
    ),
    Incident(
        "vacuous-test",
        "The test that nothing can fail",
        "Falsifier 007 compared two orders of rounding on products that are exact: by a theorem"
        " they cannot differ.",
        (_DISCHARGE,),
        Catch("guard", "teeth", "stayed green"),
        exit_code=3,
    ),
    Incident(
        "missing-test",
        "The test that was never committed",
        "The registry said DISCHARGED of falsifier 016; the test that it cites was never in the"
        " repository.",
        (_LINT,),
        Catch("rule", "PV-VER-002", 'dangling "cargo test'),
        exit_code=1,
    ),
    Incident(
        "missing-model",
        "The model that was not there",
        "Tests printed that they skip and returned, and the runner counted them as passed.",
        (Pv(("discharge", "--all", "--live", "--format", "json")),),
        Catch("verdict", "SKIPPED", "no accepted model is here"),
        exit_code=3,
    ),
    Incident(
        "skipped-references",
        "619 references passed over in silence",
        "What the resolver could not read as a test it left out of its counts: 4,206 entries, 3,587"
        " judged.",
        (_LINT,),
        Catch("rule", "PV-VER-002", "prose"),
        exit_code=1,
    ),
    Incident(
        "one-bad-file",
        "One bad file hides all others",
        "A single contract that did not parse switched every other gate off, and nobody noticed.",
        (_LINT,),
        Catch("rule", "PV-VER-001", "b-neighbour-v1.yaml"),
        exit_code=1,
    ),
    Incident(
        "tally",
        "12 = 6 + 3 + 1",
        "The summary of twelve falsifiers counts one of them twice and leaves three out.",
        (_LINT_STRICTLY,),
        Catch("rule", "PV-ARI-006", "they are 10"),
        exit_code=1,
    ),
    Incident(
        "status-behind",
        "A status behind its evidence",
        "The fix was merged and measured; for weeks the contract went on saying that it was"
        " planned.",
        (
            Commit("The question, before its answer"),
            Pv(("discharge", "--all", "--record")),
            Commit("Its receipt"),
            _LINT_STRICTLY,
        ),
        Catch("rule", "PV-STA-002", "claims PLANNED"),
        exit_code=1,
    ),
)
