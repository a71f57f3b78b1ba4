"""Mutated GGUF files through every reader of them, in a process of its own; prints what came out.

    python -m tests.soak.mutated_models COUNT SEED

Header, tensors, vocabulary and chat template are damaged. Each file is opened, its vocabulary read
and used, its template rendered, and a forward pass run on both engines. Only numbers, texts or a
`PvError` may come out. Memory is bounded by the kernel; times are of the processor, and the caller
judges them.
"""

import json
import random
import resource
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pv.errors import PvError
from pv.forward.engine import ENGINES
from pv.forward.transformer import logits, run
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import ModelFile, open_model
from pv.tokens import tokenizer_of
from pv.tokens.chat import render_chat
from tests.soak.mutated_contracts import peak_mib
from tests.unit.forward.random_model import Recipe, write_model
from tests.unit.tokens.small_vocabularies import SPM, write

MEMORY = 4 << 30
"""Bytes of address space: NumPy and compiled code take 1.5 GiB of it."""
TEXT = "the thing <|im_end|> é \x00 12 34\n\n  end"
TALK = [{"role": "user", "content": "Hi"}]
NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    8,
    9,
    127,
    255,
    2**16,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**63,
    2**64 - 1,
)
PIECES = (
    b"\xff\xfe", b"\x00", b"{%", b"{{", b"}}", b"tokenizer.ggml.", b"blk.0.", b"\x08\x00\x00\x00",
    b"{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    b"{{ messages.__class__ }}", b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f",
)  # fmt: skip

Action = Callable[[bytearray, random.Random], None]


def flip(found: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 3, 30))):
        found[rng.randrange(len(found))] = rng.randrange(256)


def flip_header(found: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 4))):
        found[rng.randrange(min(len(found), header_end(found)))] = rng.randrange(256)


def number(found: bytearray, rng: random.Random) -> None:
    """Put a number where a count, a length or an offset may stand."""
    width = rng.choice((4, 8))
    at = rng.randrange(max(1, min(len(found), header_end(found)) - width))
    found[at : at + width] = (rng.choice(NUMBERS) % (1 << 8 * width)).to_bytes(width, "little")


def cut(found: bytearray, rng: random.Random) -> None:
    del found[rng.randrange(len(found)) :]


def splice(found: bytearray, rng: random.Random) -> None:
    at, start = rng.randrange(header_end(found)), rng.randrange(len(found))
    found[at:at] = found[start : start + rng.choice((1, 8, 100))]


def piece(found: bytearray, rng: random.Random) -> None:
    """Write over some bytes what means something elsewhere."""
    at, what = rng.randrange(header_end(found)), rng.choice(PIECES)
    found[at : at + len(what)] = what


def weights(found: bytearray, rng: random.Random) -> None:
    """Damage tensors: scales that are huge, infinite or no number."""
    begin = min(header_end(found), len(found) - 8)
    for _ in range(rng.choice((1, 8, 64))):
        at = rng.randrange(begin, len(found) - 4)
        found[at : at + 4] = struct.pack("<f", rng.choice((1e38, -1e38, float("nan"), 1e-45)))


def token(found: bytearray, rng: random.Random) -> None:
    """Make a token another one, or no text."""
    at = found.find(b"tokenizer.ggml.tokens") + rng.randrange(40, 2000)
    if 0 <= at < len(found):
        found[at] = rng.choice((0, 0x20, 0x61, 0x80, 0xC4, 0xFF, found[at] ^ 1))


def template(found: bytearray, rng: random.Random) -> None:
    """Damage the chat template."""
    at = found.find(b"tokenizer.chat_template") + 35
    for _ in range(rng.choice((1, 3))):
        where = at + rng.randrange(260)
        if where < len(found):
            found[where] = rng.choice(b"{}%|'()[]~ -.x0")


ACTIONS: tuple[Action, ...] = (
    flip, flip_header, flip_header, number, number, cut, splice, piece, weights, token, template,
)  # fmt: skip


def header_end(found: bytearray) -> int:
    """Return about where the header of a seed file ends."""
    return max(1, min(len(found) - 1, found.find(b"output_norm.weight") + 60))


def seeds(folder: Path) -> list[bytes]:
    """Return small files of both architectures and both kinds of vocabularies."""
    small = {"layers": 1, "width": 256, "ffn": 256, "heads": 2, "kv_heads": 1, "vocabulary": 300}
    recipes = (
        Recipe("llama", types="Q4_K", **small),
        Recipe("qwen2", types={"ffn_down": "Q6_K", "*": "Q8_0"}, tied=True, **small),
        Recipe(
            "llama", types="F16", factors=True, scaling={"type": "linear", "factor": 2.0}, **small
        ),
    )
    found = [write_model(folder / "seed.gguf", recipe).read_bytes() for recipe in recipes]
    template = "{% for m in messages %}{{ bos_token }}{{ m.content }}{% endfor %}" + " " * 200
    spm = write(folder / "spm.gguf", {**SPM, "tokenizer.chat_template": template})
    return [*found, spm.read_bytes()]


def read_all(model: ModelFile, *, chat: bool) -> str:
    """Use everything that a file offers; return how far it went."""
    for key in model.metadata:
        model.metadata[key]
    tokenizer = tokenizer_of(model)
    ids = tokenizer.encode(TEXT)
    assert all(0 <= one < tokenizer.size for one in ids)
    tokenizer.decode(ids, specials=True)
    if chat:
        render_chat(model, TALK, tokenizer=tokenizer)
    if not model.tensors:
        return "vocabulary"
    trunk = Trunk(model)
    for engine in (ENGINES[name](trunk) for name in sorted(ENGINES)):
        stream = run(trunk, [ids[:3] or [0]], engine).residual[-1]
        assert np.isfinite(logits(trunk, stream, engine)).all()
    return "model"


def main(count: int, seed: int) -> dict[str, object]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    done: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = seeds(folder)
        path = folder / "mutated.gguf"
        for sound in files:
            path.unlink(missing_ok=True)
            path.write_bytes(sound)
            with open_model(path) as model:
                read_all(model, chat=True)
        for index in range(count):
            found = bytearray(rng.choice(files))
            action = rng.choice(ACTIONS)
            action(found, rng)
            done[action.__name__] += 1
            path.unlink(missing_ok=True)  # a file of its own: headers are remembered by inode
            path.write_bytes(found)
            start = time.process_time()
            try:
                # A template costs a process; where it was not touched it renders as ever.
                chat = action in {template, piece, flip_header}
                with open_model(path) as model:
                    outcomes[read_all(model, chat=chat)] += 1
            except PvError as error:
                outcomes["refused" if error.explain() else "refused without a word"] += 1
            except BaseException:
                sys.stderr.write(f"{action.__name__} {index}, seed {seed}\n")
                raise
            slowest = max(slowest, (time.process_time() - start, f"{action.__name__} {index}"))
    return {
        "files": sum(done.values()),
        "done": dict(done),
        "outcomes": dict(outcomes),
        "slowest_s": round(slowest[0], 3),
        "slowest": slowest[1],
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
