"""Vector instructions of x86 as LLVM IR: the words in which the vector kernels are written.

For processors with AVX2, FMA and F16C only (`numba_compile.has_vectors`). Addresses are integers,
offsets are bytes, and every load and store is unaligned. Nothing here checks a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
F16, F32 = ir.HalfType(), ir.FloatType()


def vector(element: ir.Type, lanes: int) -> ir.VectorType:
    """Return the type of `lanes` elements side by side."""
    return ir.VectorType(element, lanes)


F32X4, F32X8 = vector(F32, 4), vector(F32, 8)
I8X16, I8X32 = vector(I8, 16), vector(I8, 32)
I16X8, I16X16 = vector(I16, 8), vector(I16, 16)
I32X4, I32X8 = vector(I32, 4), vector(I32, 8)

_PAGE_BYTES, _LINE_BYTES = 4096, 64


class Emitter:
    """Writes vector code at the place of an LLVM builder."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def load(self, base: ir.Value, offset: int | ir.Value, kind: ir.Type) -> ir.Value:
        """Read one `kind` at `base + offset`."""
        loaded = self.builder.load(self._pointer(base, offset, kind), typ=kind)
        loaded.align = 1
        return loaded

    def store(self, base: ir.Value, offset: int | ir.Value, value: ir.Value) -> None:
        """Write `value` at `base + offset`."""
        self.builder.store(value, self._pointer(base, offset, value.type), align=1)

    def fetch_ahead(self, block: ir.Value, nbytes: int) -> None:
        """Ask for the cache lines a page behind a block; they may lie beyond all that is mapped.

        The processor's own fetching ahead stops at the end of each page.
        """
        for line in range(0, nbytes, _LINE_BYTES):
            place = self._pointer(block, _PAGE_BYTES + line, I8)
            kind = ir.FunctionType(ir.VoidType(), [place.type, I32, I32, I32])
            fetch = self.builder.module.declare_intrinsic("llvm.prefetch", (place.type,), kind)
            self.builder.call(fetch, [place, I32(0), I32(3), I32(1)])  # data, to be read, kept

    def _pointer(self, base: ir.Value, offset: int | ir.Value, kind: ir.Type) -> ir.Value:
        step = I64(offset) if isinstance(offset, int) else offset
        return self.builder.inttoptr(self.builder.add(base, step), kind.as_pointer())

    def half(self, base: ir.Value, offset: int) -> ir.Value:
        """Read an f16 as float32."""
        return self.builder.fpext(self.load(base, offset, F16), F32)

    def four_halves(self, base: ir.Value) -> ir.Value:
        """Read four f16 at `base` as float32: one instruction, where a single one takes two."""
        return self.builder.fpext(self.load(base, 0, vector(F16, 4)), F32X4)

    def splat(self, value: ir.Value | int, kind: ir.VectorType) -> ir.Value:
        """Return `value` in every lane."""
        if isinstance(value, int):
            return ir.Constant(kind, [value] * kind.count)
        empty = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(empty, value, I32(0))
        return self.pick(first, [0] * kind.count)

    def pick(self, source: ir.Value, lanes: Iterable[int], other: ir.Value | None = None) -> Any:
        """Return chosen lanes of `source`, or of `source` and `other` behind it."""
        places = list(lanes)
        rest = ir.Constant(source.type, ir.Undefined) if other is None else other
        return self.builder.shuffle_vector(
            source, rest, ir.Constant(vector(I32, len(places)), places)
        )

    def pair_products_u8(self, unsigned: ir.Value, signed: ir.Value) -> ir.Value:
        """Multiply u8 with i8 and add neighbours: 16 sums of 16 bits, saturating."""
        return self._call("llvm.x86.avx2.pmadd.ub.sw", I16X16, unsigned, signed)

    def pair_products(self, one: ir.Value, other: ir.Value) -> ir.Value:
        """Multiply i16 and add neighbours: 8 sums (of 128-bit registers 4) of 32 bits."""
        if one.type == I16X8:
            return self._call("llvm.x86.sse2.pmadd.wd", I32X4, one, other)
        return self._call("llvm.x86.avx2.pmadd.wd", I32X8, one, other)

    def with_sign(self, value: ir.Value, sign: ir.Value) -> ir.Value:
        """Negate i8 lanes where those of `sign` are below 0, and clear them where they are 0."""
        return self._call("llvm.x86.avx2.psign.b", I8X32, value, sign)

    def fma(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """Return `a * b + c`, rounded once."""
        return self._call(f"llvm.fma.v{a.type.count}f32", a.type, a, b, c)

    def floats(self, integers: ir.Value) -> ir.Value:
        """Convert i32 lanes to float32."""
        return self.builder.sitofp(integers, vector(F32, integers.type.count))

    def fold_four(self, lanes: ir.Value) -> ir.Value:
        """Return `(l0 + l2) + (l1 + l3)` of four float32."""
        one, two, three, four = (self.builder.extract_element(lanes, I32(i)) for i in range(4))
        add = self.builder.fadd
        return add(add(one, three), add(two, four))

    def fold_eight(self, lanes: ir.Value) -> ir.Value:
        """Return the sum of eight float32 as ggml's AVX2 code folds a register."""
        low, high = self.pick(lanes, range(4)), self.pick(lanes, range(4, 8))
        return self.fold_four(self.builder.fadd(high, low))

    @contextmanager
    def repeat(self, count: ir.Value, *sums: ir.VectorType | ir.Type) -> Iterator[tuple[Any, Any]]:
        """Loop `count` times; yields the index and places for running sums that start at zero."""
        places = [cgutils.alloca_once_value(self.builder, ir.Constant(kind, None)) for kind in sums]
        for place, kind in zip(places, sums, strict=True):
            self.builder.store(ir.Constant(kind, None), place)
        with cgutils.for_range(self.builder, count) as loop:
            yield loop.index, places

    def _call(self, name: str, result: ir.Type, *operands: ir.Value) -> ir.Value:
        kind = ir.FunctionType(result, [operand.type for operand in operands])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, operands)
