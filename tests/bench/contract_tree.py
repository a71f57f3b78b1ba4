"""Trees of generated contracts: varied, some 5 KB and 130 lines each, a few with findings."""

import random
from pathlib import Path

WORDS = (  # noqa: SIM905 - a list of words reads best as a text
    "bound order scale shape token layer block logit weight slot tile lane seam head cache stride "
    "mean norm phase sum ratio limit count index range batch probe guard input output"
).split()
STRATEGIES = ("stub_float", "bounded_int", "exhaustive")


def sentence(rng: random.Random, length: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(length))


def contract_text(number: int, edition: int = 0) -> str:
    """Return contract `number`; an `edition` is the same contract with other sentences."""
    rng = random.Random(number * 1_000 + edition)  # noqa: S311 - test data, not a secret
    form = random.Random(number)  # noqa: S311 - what decides about findings stays the same in every edition
    tests = form.randint(5, 8)
    claimed = tests + (number % 97 == 0)
    needs = [f"generated-{number - 1:05d}-v1"] if number % 3 == 1 else []
    if number % 211 == 7:
        needs.append("nowhere-v1")
    lines = [
        "metadata:",
        f"  id: C-GEN-{number:05d}",
        "  version: 1.1.0",
        "  created: 2026-01-01",
        "  updated: 2026-02-01",
        '  author: "The pv authors"',
        "  kind: pattern",
        "  description: |",
        f"    {sentence(rng, 14)}.",
        f"    {sentence(rng, 12)}. Done when all {claimed} falsification tests pass.",
        f'  references: ["{sentence(rng, 6)}", "{sentence(rng, 5)}"]',
        f"  depends_on: [{', '.join(needs)}]",
        "changelog:",
        f'  - {{ version: 1.1.0, date: 2026-02-01, changes: ["{sentence(rng, 7)}"] }}',
        f'  - {{ version: 1.0.0, date: 2026-01-01, changes: ["{sentence(rng, 5)}"] }}',
        "equations:",
    ]
    for at in range(3):
        lines += [
            f"  equation_{at}:",
            f'    formula: "y = {rng.randint(2, 99)} * x + {rng.random():.4f}"',
            f'    domain: "{sentence(rng, 4)}"',
            f'    codomain: "{sentence(rng, 3)}"',
            f'    preconditions: ["x > {rng.randint(0, 9)}"]',
            f'    postconditions: ["y > {rng.randint(0, 9)}"]',
            f'    invariants: ["{sentence(rng, 6)}", "{sentence(rng, 5)}"]',
        ]
    lines.append("proof_obligations:")
    for at in range(tests - 1):
        lines += [
            f"  - id: GEN-{number:05d}-OBL-{at:03d}",
            f"    type: {form.choice(('invariant', 'bound', 'equivalence', 'monotonicity'))}",
            f'    property: "{sentence(rng, 7)}"',
            f'    formal: "f(x) <= {rng.random():.3f}"',
            f"    applies_to: equation_{at % 3}",
        ]
        if form.random() < 0.3:
            lines.append(f'    tolerance: {{ value: 1e-{rng.randint(3, 9)}, reason: "rounding" }}')
    lines.append("kani_harnesses:")
    for at in range(2):
        lines += [
            f"  - id: KANI-GEN-{number:05d}-{at:03d}",
            f"    obligation: GEN-{number:05d}-OBL-{at:03d}",
            f"    bound: {rng.randint(2, 64)}",
            f"    strategy: {form.choice(STRATEGIES)}",
        ]
    lines.append("falsification_tests:")
    for at in range(tests):
        lines += [
            f"  - id: FALSIFY-GEN-{number:05d}-{at:03d}",
            f'    rule: "{sentence(rng, 4)}"',
            f'    prediction: "{sentence(rng, 11)}"',
            f'    test: "proptest over {rng.randint(100, 9999)} vectors, {sentence(rng, 4)}"',
            f'    if_fails: "{sentence(rng, 6)}"',
        ]
    if number % 53:  # the others hold nothing that can be run, or says why not
        lines[-2] = '    manual: { reason: "a person looks at it", by: reader }'
    if number % 131 == 5:
        lines[-1] = lines[-1].replace("if_fails", "if_fail")
    lines.append(f"verification_summary: {{ total_obligations: {tests - 1}, tested: {tests - 1} }}")
    return "\n".join(lines) + "\n"


def write_tree(root: Path, count: int) -> Path:
    """Write `count` contracts below `root`, a hundred to a folder, and return `root`."""
    for number in range(count):
        path = path_of(root, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contract_text(number), encoding="utf-8")
    return root


def path_of(root: Path, number: int) -> Path:
    return root / "contracts" / f"part-{number // 100:03d}" / f"generated-{number:05d}-v1.yaml"
