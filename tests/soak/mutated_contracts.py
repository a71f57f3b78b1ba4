"""Mutated contracts through validate and lint, in a process of its own; prints what came out.

    python -m tests.soak.mutated_contracts COUNT SEED [FOLDER of seed contracts]

Every file is judged alone and linted among others. A traceback ends the run with the file that
caused it. Times are of the processor, since a busy machine is no fault of a file; the caller judges
them and the peak of memory.
"""

import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pv.lint.engine import lint
from pv.lint.options import Options
from pv.yamlfile.judge import Judged, judge_text
from tests.bench.contract_tree import contract_text

ROOT = Path(__file__).parents[2]
TOGETHER = 20
"""Files that are linted in one run."""
LIMIT = 2 * 1024 * 1024
"""Bytes of a mutated file, about; the reader refuses larger ones at once."""
VALUES = ("~", "1e999", "-0", ".nan", "[]", "{}", '""', "0x7f", "9" * 400, "!!int x", "&a *a", "?")


def flip(text: bytes, rng: random.Random) -> bytes:
    changed = bytearray(text)
    for _ in range(rng.choice((1, 3, 30))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def truncate(text: bytes, rng: random.Random) -> bytes:
    return text[: rng.randrange(len(text))]


def splice(text: bytes, rng: random.Random, other: bytes) -> bytes:
    at, start = rng.randrange(len(text)), rng.randrange(len(other))
    return text[:at] + other[start : start + rng.randrange(4000)] + text[at:]


def shuffle_lines(text: bytes, rng: random.Random) -> bytes:
    lines = text.split(b"\n")
    for _ in range(rng.choice((1, 4, 40))):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        action = rng.randrange(4)
        if action == 0:
            lines[one], lines[other] = lines[other], lines[one]
        elif action == 1:
            lines.insert(one, lines[other])
        elif action == 2 and len(lines) > 1:
            del lines[one]
        else:
            lines[one] = b" " * rng.randrange(9) + lines[one].lstrip()
    return b"\n".join(lines)


def replace_value(text: bytes, rng: random.Random) -> bytes:
    lines = text.split(b"\n")
    for _ in range(rng.choice((1, 5))):
        at = rng.randrange(len(lines))
        key, colon, _ = lines[at].partition(b": ")
        if colon:
            lines[at] = key + colon + rng.choice(VALUES).encode()
    return b"\n".join(lines)


def nest(text: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((60, 70, 1_000, 50_000))
    opening, closing = rng.choice((("[", "]"), ("{a: ", "}"), ("- ", ""), ('{"', '"}')))
    inside = opening * depth + (closing * depth if rng.random() < 0.5 else "")
    return text + b"\nx-deep: " + inside.encode()[:LIMIT] + b"\n"


def bomb(text: bytes, rng: random.Random) -> bytes:
    width, levels = rng.choice(((9, 9), (2, 40), (1_000, 3)))
    lines = ["x-a0: &a0 [lol]"]
    for level in range(1, levels):
        names = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"x-a{level}: &a{level} [{names}]")
    return text + ("\n" + "\n".join(lines)).encode()[:LIMIT] + b"\n"


def enlarge(text: bytes, rng: random.Random) -> bytes:
    size = rng.choice((70_000, 300_000, 1_500_000))
    unit = rng.choice(
        ("9", "a ", "a\n    ", "1 * ", "'", "all 3 tests ", "`(", "FALSIFY-A-1 ", "| ")
    )
    made = f"\nx-large: {rng.choice(('', '|', chr(34)))}\n    " + unit * (size // len(unit))
    key = rng.choice(("description: ", "version: ", "  test: ", "  formula: "))
    return rng.choice(
        (text + made.encode(), text.replace(key.encode(), key.encode() + unit.encode() * 9_000, 1))
    )


PLAIN = (flip, truncate, shuffle_lines, replace_value)
RARE = (nest, bomb, enlarge)


def mutated(seeds: list[bytes], rng: random.Random) -> tuple[str, bytes]:
    """Return what was done, and a contract to which it was done."""
    text = rng.choice(seeds)
    if rng.random() < 0.2:
        return "splice", splice(text, rng, rng.choice(seeds))
    action = rng.choice(PLAIN if rng.random() < 0.9 else RARE)
    return action.__name__, action(text, rng)


def seeds_of(folder: Path | None) -> list[bytes]:
    own = [*ROOT.glob("contracts/*.yaml"), *ROOT.glob("tests/corpus/*/contracts/*.yaml")]
    files = sorted(own if folder is None else folder.rglob("*.yaml"))
    texts = [path.read_bytes() for path in files] + [contract_text(n).encode() for n in range(8)]
    return [text for text in texts if text]


def main(count: int, seed: int, folder: Path | None = None) -> dict[str, object]:
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    seeds = seeds_of(folder)
    done: Counter[str] = Counter()
    slowest = (0.0, "")
    waiting: list[Judged] = []
    findings = 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(count):
            action, text = mutated(seeds, rng)
            done[action] += 1
            (root / "last.yaml").write_bytes(text)  # what to look at after a crash
            start = time.process_time()
            judged = judge_text(text, f"contracts/mutated-{number}-v1.yaml")
            alone = (time.process_time() - start, f"{action} {number}: validate")
            if judged.contract is None and not judged.findings:
                raise AssertionError(f"{action} {number}: no contract and no finding")
            waiting.append(judged)
            slowest = max(slowest, alone)
            if len(waiting) == TOGETHER or number + 1 == count:
                took, found = linted(root, waiting)
                slowest = max(slowest, (took, f"lint of {number - len(waiting) + 1} to {number}"))
                findings += found
                waiting.clear()
    return {
        "files": sum(done.values()),
        "done": dict(done),
        "findings": findings,
        "slowest_s": round(slowest[0], 3),
        "slowest": slowest[1],
        "peak_mib": peak_mib(),
    }


def peak_mib() -> int:
    """Return the most memory that this program had.

    Not `ru_maxrss`: that starts with what the parent process had when it made this one.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
    return int(lines["VmHWM"].split()[0]) >> 10


def linted(root: Path, judged: list[Judged]) -> tuple[float, int]:
    """Return the seconds of the slowest file and the number of findings.

    Files are linted together; only where that takes long is each timed alone.
    """
    options = Options(strict_test_binding=True)
    start = time.process_time()
    report = lint(root, judged, options)
    if report.crashes:
        raise report.crashes[0]
    took = time.process_time() - start
    if took > 1:
        alone = []
        for one in judged:
            start = time.process_time()
            lint(root, [one], options)
            alone.append(time.process_time() - start)
        took = max(alone)
    return took, len(report.findings)


if __name__ == "__main__":
    count, seed, *folder = sys.argv[1:]
    result = main(int(count), int(seed), Path(folder[0]) if folder else None)
    sys.stdout.write(json.dumps(result) + "\n")
