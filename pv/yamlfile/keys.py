"""The keys of the contract language, section by section, and the older keys read with them.

`since` says whose key it is: PV and SHIP keys are the language that the JSON Schema describes and
`pv init` writes; keys of the other dialects are understood and kept, and nothing more. An unknown
key close to a known one is an error (a misspelling would otherwise switch a claim off in silence);
one that is close to none is a warning, and an extension is written `x-…`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pv.model.contract import Dialect
from pv.yamlfile.falsifier_keys import (
    ABSENCE,
    AWAITED,
    CARGO,
    COMMAND,
    COMPANION,
    DEMAND,
    DERIVED,
    EXPECTATION,
    EXTERNAL,
    FALSIFIER,
    MODEL,
    SUCCESS,
)
from pv.yamlfile.shapes import WORDY, Key, Section, Shape, kept, older, section
from pv.yamlfile.ship_keys import CRITERION, FOREIGN, PERCENT, SHIP_MODEL

_TEXT, _NUMBER, _INTEGER, _FLAG = Shape.TEXT, Shape.NUMBER, Shape.INTEGER, Shape.FLAG
_TEXTS, _FREE, _ITEMS, _ANY = Shape.TEXTS, Shape.FREE, Shape.ITEMS, Shape.ANY
_RECORD, _RECORDS, _NAMED = Shape.RECORD, Shape.RECORDS, Shape.NAMED

_OBLIGATION_TYPES = (
    "invariant equivalence bound monotonicity idempotency linearity symmetry "
    "associativity conservation ordering completeness soundness involution determinism "
    "roundtrip state_machine classification independence termination safety liveness "
    "precondition postcondition frame loop_invariant loop_variant old_state subcontract"
)
OBLIGATION_TYPES: Final = tuple(_OBLIGATION_TYPES.split())
_KINDS = (
    "kernel registry model-family model-family-variant tokenizer training-loop "
    "pretraining-corpus training-precondition-gate corpus-assembly pattern schema "
    "beat-benchmark kaizen competitive-parity ship"
)
KINDS: Final = tuple(_KINDS.split())

METADATA = section(
    "metadata",
    "metadata",
    Key("id", _TEXT, "Name of the contract; the stem of the file where absent"),
    Key("version", _TEXT, "Version (SemVer); the top changelog entry has the same"),
    Key("created", Shape.DATE, "Day on which the contract was written"),
    Key("updated", Shape.DATE, "Day of the last change"),
    Key("author", _TEXT, "Who answers for the contract"),
    Key("kind", _TEXT, "Decides what is required; kernel where absent"),
    Key("status", _TEXT, "Claimed status, checked against receipts"),
    Key("description", _TEXT, "What the contract is about"),
    Key("references", _RECORDS | _TEXTS, "Where the claims come from", "reference"),
    Key("depends_on", _TEXTS, "Stems of contracts that this one builds on"),
    Key("shelf_life", _TEXT, "How long a receipt that held counts: 90d, 12w; for ever if absent"),
    Key("registry", _FLAG, "Whether the contract describes a registry"),
    Key("enforcement_level", _TEXT, "Level asked for: basic, standard, strict or proven"),
    Key("locked_level", _TEXT, "Level below which the contract must not fall"),
    *kept(
        "crate verification_level verification_command lesson lessons_learned "
        "transcript_anchor issue spec spec_ref epic binds_to competitor demand_score "
        "intake_status valid_under proved_type related_contracts behavioral_parity_kind "
        "last_modified parent title name license owner tags priority scope spec_version "
        "source notes"
    ),
    Key(
        "changelog",
        _ANY,
        "History, in one of its older forms",
        since=Dialect.LEGACY,
        means="changelog",
    ),
    Key(
        "amendment_history", _ANY, "History of amendments", since=Dialect.LEGACY, means="changelog"
    ),
    older("discharge_status", _TEXT, "status"),
    patterns=(r"status_v\d+(_\d+)*",),
)

REFERENCE = section(
    "reference",
    "reference",
    Key("section", _TEXT, "Section of a document"),
    Key("document", _TEXT, "Title or address of the document"),
    Key("pull_request", _TEXT | _INTEGER, "Pull request"),
    Key("issue", _TEXT | _INTEGER, "Issue"),
    Key("file", _TEXT, "File of the registry or of another repository"),
    Key("paper", _TEXT, "Paper, as cited"),
    Key("url", _TEXT, "Address"),
    Key("commit", _TEXT, "Commit"),
    Key("note", _TEXT, "What is to be found there"),
    *kept("id citation relevance title author authors year doi arxiv"),
)

CHANGE = section(
    "change",
    "changelog entry",
    Key("version", _TEXT, "Version (SemVer) that the changes made", required=True),
    Key("date", Shape.DATE, "Day of the change"),
    Key("changes", _TEXTS, "What changed, a line each", required=True),
    older("change", _TEXT | _TEXTS, "changes"),
    older("summary", _TEXT | _TEXTS, "changes"),
    older("notes", _TEXT | _TEXTS, "changes"),
    older("description", _TEXT | _TEXTS, "changes"),
    *kept("author status pr"),
    labels=("version",),
)

EQUATION = section(
    "equation",
    "equation",
    Key("formula", _TEXT, "The equation itself", required=True),
    Key("domain", _TEXT, "Where it is defined"),
    Key("codomain", _TEXT, "Where its values lie"),
    Key("invariants", _TEXTS, "What always holds of it"),
    Key("preconditions", _TEXTS, "What must hold before"),
    Key("postconditions", _TEXTS, "What holds after"),
    Key("description", _TEXT, "The equation in words"),
    Key("where", _TEXTS | _TEXT | _FREE, "Meaning of the symbols"),
    Key("note", _TEXT, "Remark"),
    Key("tolerance", _NUMBER | _RECORD | _TEXT, "How far a result may be off", "tolerance"),
    Key("lean_theorem", _TEXT, "Theorem that proves it"),
    Key("float_tolerance", _NUMBER | _FREE | _TEXT, "Tolerance by type"),
    Key("assumes", _FREE | _ITEMS, "What it takes from other contracts"),
    Key("guarantees", _FREE | _ITEMS | _TEXTS, "What other contracts may take from it"),
    *kept("id kernel_structure measured measurement tolerances notes name"),
)

TOLERANCE = section(
    "tolerance",
    "tolerance",
    Key("value", _NUMBER, "The tolerance", required=True),
    Key("reason", _TEXT, "Where it comes from"),
    Key("unit", _TEXT, "Unit of the value"),
)

OBLIGATION = section(
    "obligation",
    "obligation",
    Key("id", _TEXT, "Name, unique in the registry"),
    Key("type", _TEXT, "Kind of obligation; invariant where absent"),
    Key("property", _TEXT, "What must hold, in words", required=True),
    Key("formal", _TEXT, "What must hold, formally"),
    Key("tolerance", _NUMBER | _RECORD, "How far off counts as holding", "tolerance"),
    Key("applies_to", _TEXT | _TEXTS, "Equation it is about, or all"),
    Key("lean", _FREE, "Theorem, module and status of a Lean proof"),
    Key("requires", _TEXT | _TEXTS, "Precondition of a postcondition"),
    Key("applies_to_phase", _TEXT, "Phase of a loop obligation"),
    Key("parent_contract", _TEXT, "Contract that a subcontract refines"),
    Key("na_reason", _TEXT, "Why it does not apply"),
    Key("na_owner", _TEXT, "Who says so"),
    older("statement", _TEXT, "property"),
    older("verification", _TEXT, "formal"),
    *kept(
        "prose enforced_by falsified_by equation measurement notes proof_level rationale "
        "description name status evidence"
    ),
)

HYPOTHESIS = section(
    "hypothesis",
    "hypothesis",
    Key("id", _TEXT, "Name, unique in the contract", required=True),
    Key("claim", _TEXT, "What is supposed", required=True),
    Key("verdict", _TEXT, "Claimed answer, checked against receipts"),
    Key("note", _TEXT, "Remark"),
)

STAGE = section(
    "stage",
    "stage",
    Key("id", _TEXT, "Name, unique in the contract", required=True),
    Key("title", _TEXT, "What the stage is"),
    Key("status", _TEXT, "Claimed status, checked against its gates"),
    Key("gates", _TEXTS, "Falsifiers that must be DISCHARGED"),
    Key("note", _TEXT, "Remark"),
    older("description", _TEXT, "title"),
    older("name", _TEXT, "title"),
    *kept("evidence expected_acceptance scope deliverables blocks pr date"),
)

LESSON = section(
    "lesson",
    "lesson",
    Key("id", _TEXT, "Name, unique in the contract", required=True),
    Key("text", _TEXT, "What was learnt", required=True),
    Key("incident", _TEXT, "What happened"),
    Key("guard", _TEXT, "The guard that catches it now"),
    Key("test", _TEXT, "A test that shows so"),
)

TOMBSTONE = section(
    "tombstone",
    "tombstone",
    Key(
        "id", _TEXT, "Falsifier that is no longer there; its id is never used again", required=True
    ),
    Key("reason", _TEXT, "Why it was taken out", required=True),
    Key("since", _TEXT, "Version without it"),
)

KANI = section(
    "kani",
    "kani harness",
    Key("id", _TEXT, "Name, unique in the contract", required=True),
    Key("obligation", _TEXT, "Obligation that it proves", required=True),
    Key("property", _TEXT, "What is proved"),
    Key("bound", _INTEGER | _TEXT, "Bound of the proof"),
    Key("strategy", _TEXT, "exhaustive, stub_float, compositional or bounded_int"),
    Key("solver", _TEXT, "Solver"),
    Key("harness", _TEXT, "Function"),
    Key("actually_verified", _FLAG, "Whether the proof ran"),
    *kept("description notes status unwind"),
)

GATE = section(
    "gate",
    "qa gate",
    Key("id", _TEXT, "Name"),
    Key("name", _TEXT, "Title"),
    Key("description", _TEXT, "What it is for"),
    Key("checks", _TEXTS, "What is checked"),
    Key("pass_criteria", _TEXT | _TEXTS, "When it is passed"),
    Key("falsification", _TEXT | _TEXTS, "What would show that it is not"),
    *kept(
        "min_coverage max_complexity required_tests coverage_threshold complexity_threshold status"
    ),
)

SUMMARY = section(
    "summary",
    "verification summary",
    *(
        Key(name, _INTEGER, "Count, checked against the lists, never trusted")
        for name in (
            "total_obligations",
            "total_falsifiers",
            "l2_property_tested",
            "l3_kani_proved",
            "l4_lean_proved",
            "l4_sorry_count",
            "l4_not_applicable",
            "proven",
            "tested",
            "discharged",
        )
    ),
    Key("target_level", _TEXT, "Level aimed at"),
    Key("current_level", _TEXT, "Level claimed"),
    Key("status", _TEXT, "Claimed status"),
    Key("notes", _TEXT, "Remark"),
)


PHASE = section(
    "phase",
    "phase",
    Key("name", _TEXT, "Name of the phase", required=True),
    Key("description", _TEXT, "What it does"),
    Key("invariant", _TEXT, "What holds after it"),
    Key("note", _TEXT, "Remark"),
    *kept("applies_to gap_in_current_code"),
    labels=("name",),
)

STRUCTURE = section(
    "structure",
    "kernel structure",
    Key("phases", _RECORDS, "Phases in their order", "phase", required=True),
)

ENFORCEMENT = section(
    "enforcement",
    "enforcement",
    Key("description", _TEXT, "What is enforced"),
    Key("check", _TEXT, "What enforces it"),
    Key("severity", _TEXT, "What a breach means"),
    Key("reference", _TEXT, "Where the rule comes from"),
)

CONDITION = section(
    "condition",
    "condition",
    *kept(
        "id name description formal formula property type applies_to evidence status check "
        "falsification falsifier verdict severity note notes predicate statement condition rule "
        "test prediction if_fails"
    ),
)
_CONDITIONS = _RECORDS | _TEXTS | _NAMED | _TEXT

CONTRACT = section(
    "contract",
    "contract",
    Key("metadata", _RECORD, "Name, version, kind and claimed status", "metadata", required=True),
    Key("changelog", _ANY, "History, newest first", "change"),
    Key("equations", _NAMED | _RECORDS, "Formulas by name", "equation"),
    Key("proof_obligations", _RECORDS, "What must be shown", "obligation"),
    Key("hypotheses", _RECORDS, "Claims about causes", "hypothesis"),
    Key("falsification_tests", _RECORDS, "Tests that could prove a claim wrong", "falsifier"),
    Key(
        "tombstones", _RECORDS, "Falsifiers that were taken out, each with its reason", "tombstone"
    ),
    Key("stages", _RECORDS, "Milestones, each as far as its gates", "stage"),
    Key("lessons", _RECORDS, "What incidents taught", "lesson"),
    Key("models", _RECORDS, "Models to ship", "ship_model", since=Dialect.SHIP),
    Key("qa_gate", _RECORD, "Conditions that are evaluated, not quoted", "gate"),
    Key("kani_harnesses", _RECORDS, "Bounded proofs", "kani"),
    Key("verification_summary", _RECORD, "Counts, checked against the lists", "summary"),
    Key("kernel_structure", _RECORD, "Phases of a kernel", "structure"),
    Key("simd_dispatch", _FREE, "Implementations by operation and instruction set"),
    Key("enforcement", _NAMED | _TEXT, "Rules and what enforces them", "enforcement"),
    Key("type_invariants", _FREE | _ITEMS, "Predicates on types"),
    *(
        Key(name, _CONDITIONS, "Conditions of other teams", "condition", since=Dialect.LEGACY)
        for name in ("requires", "ensures", "invariants", "preconditions", "postconditions")
    ),
    Key("obligations", _CONDITIONS, "Older block", "condition", since=Dialect.LEGACY),
    older("implementation_stages", _RECORDS, "stages", "stage"),
    older("milestones", WORDY, "stages"),
    older("kind", _TEXT, "metadata.kind"),
    older("status", _TEXT, "metadata.status"),
    older("discharge_status", _TEXT, "metadata.status"),
    older("version", _TEXT | _NUMBER, "metadata.version"),
    *kept(
        "coq_spec beat stories entity relations evidence status_history semantic_change_log "
        "amendment_history five_whys validation_rules type_enforcement baseline target parity "
        "root_cause_analysis gap_register references title description bindings benchmarks "
        "verification_level kill_criteria conformance"
    ),
    patterns=(r"(discharge_)?(status|evidence)_v\d+(_\d+)*",),
)

BINDING_ROW = section(
    "binding row",
    "binding row",
    *(
        Key(name, _TEXT, told, "", name in ("contract", "equation", "status"), Dialect.BINDING)
        for name, told in (
            ("contract", "Contract that states the equation"),
            ("equation", "Equation that is implemented"),
            ("module_path", "Module of the function"),
            ("function", "Function that implements it"),
            ("signature", "Signature of the function"),
            ("status", "implemented, partial, not_implemented or pending"),
            ("notes", "Remark"),
            ("file", "File of the function"),
            ("evidence", "What shows it"),
        )
    ),
    *kept("confidence", Dialect.BINDING),
    labels=("equation", "contract"),
)

SECTIONS: Final[Mapping[str, Section]] = {
    one.name: one
    for one in (
        CONTRACT, METADATA, REFERENCE, CHANGE, EQUATION, TOLERANCE, OBLIGATION, HYPOTHESIS, STAGE,
        LESSON, KANI, GATE, SUMMARY, EXPECTATION, COMPANION, ABSENCE, EXTERNAL, AWAITED, CARGO,
        SUCCESS, COMMAND, DERIVED, MODEL, DEMAND, FALSIFIER, PERCENT, FOREIGN, CRITERION,
        SHIP_MODEL, BINDING_ROW, CONDITION, PHASE, STRUCTURE, ENFORCEMENT, TOMBSTONE,
    )
}  # fmt: skip
"""Every section by name; a key points to the section of the mappings below it."""
