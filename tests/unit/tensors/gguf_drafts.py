"""Drafts of GGUF files that can say anything, also what no writer would write."""

import struct
from dataclasses import dataclass, field

U8, U32, I32, F32, BOOL, STRING, ARRAY, U64 = 0, 4, 5, 6, 7, 8, 9, 10
F32_TENSOR, Q4_K, Q6_K = 0, 12, 14


def text(value: bytes, length: int | None = None) -> bytes:
    """A GGUF string; `length` lies about its size."""
    return struct.pack("<Q", len(value) if length is None else length) + value


def u32(value: int) -> bytes:
    """A 32-bit number."""
    return struct.pack("<I", value)


def array(element: int, count: int, rest: bytes = b"") -> bytes:
    """The head of an array value, then its elements as given."""
    return struct.pack("<IQ", element, count) + rest


@dataclass
class DraftTensor:
    """One tensor description, free to be wrong."""

    name: bytes
    dims: list[int]
    kind: int
    offset: int
    n_dims: int | None = None
    name_length: int | None = None

    def packed(self) -> bytes:
        return (
            text(self.name, self.name_length)
            + struct.pack("<I", len(self.dims) if self.n_dims is None else self.n_dims)
            + b"".join(struct.pack("<Q", one) for one in self.dims)
            + struct.pack("<IQ", self.kind, self.offset)
        )


@dataclass
class Draft:
    """A GGUF file of 2 tensors and 8 key-values whose every field can be replaced."""

    magic: bytes = b"GGUF"
    version: bytes = struct.pack("<I", 3)
    tensor_count: int | None = None
    key_count: int | None = None
    alignment: int = 32
    # key, value type, packed value
    keys: list[tuple[bytes, int, bytes]] = field(
        default_factory=lambda: [
            (text(b"general.architecture"), STRING, text(b"llama")),
            (text(b"general.alignment"), U32, struct.pack("<I", 32)),
            (text(b"llama.block_count"), U32, struct.pack("<I", 1)),
            (text(b"llama.rope.freq_base"), F32, struct.pack("<f", 1e4)),
            (text(b"a.flag"), BOOL, b"\x01"),
            (
                text(b"tokenizer.ggml.tokens"),
                ARRAY,
                struct.pack("<IQ", STRING, 2) + text(b"a") + text("é".encode()),
            ),
            (text(b"tokenizer.ggml.scores"), ARRAY, struct.pack("<IQ2f", F32, 2, 1.0, -1.0)),
            (text(b"a.wide"), U64, struct.pack("<Q", 2**63)),
        ]
    )
    tensors: list[DraftTensor] = field(
        default_factory=lambda: [
            DraftTensor(b"blk.0.ffn_down.weight", [1024, 4], Q4_K, 0),
            DraftTensor(b"output_norm.weight", [264], F32_TENSOR, 2304),
        ]
    )
    data: bytes = bytes(range(256)) * 13 + bytes(32)

    def set_key(self, name: bytes, kind: int, value: bytes) -> None:
        """Replace the value of a key, or add it."""
        packed = text(name)
        kept = [one for one in self.keys if one[0] != packed]
        self.keys = [*kept, (packed, kind, value)]

    def packed(self) -> bytes:
        head = self.magic + self.version
        head += struct.pack(
            "<QQ",
            len(self.tensors) if self.tensor_count is None else self.tensor_count,
            len(self.keys) if self.key_count is None else self.key_count,
        )
        for key, kind, value in self.keys:
            head += key + struct.pack("<I", kind) + value
        head += b"".join(one.packed() for one in self.tensors)
        return head + bytes(-len(head) % self.alignment) + self.data
