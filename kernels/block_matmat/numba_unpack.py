"""How a block of each stored type is multiplied with blocks of several vectors, as LLVM IR."""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir

from pv.kernels.layout import Q6K_D_AT, Q6K_HIGH_AT, Q6K_SCALES_AT, WITH_MINIMUM, Stored
from pv.kernels.processor.numba_vectors import (
    F32,
    F32X4,
    F32X8,
    I8,
    I8X16,
    I8X32,
    I16X8,
    I16X16,
    I32,
    I32X4,
    I32X8,
    I64,
    Emitter,
)  # fmt: skip


class Sums(NamedTuple):
    """Where the vectors of a tile stand, and the running sums of a row."""

    index: ir.Value
    """Number of the block in its row."""
    count: ir.Value
    """Blocks of a row."""
    given: list[ir.Value]
    """Addresses of scale, quants and sums of the first vector; the others follow at once."""
    high: list[Any]
    """Accumulators of eight lanes, one a vector."""
    low: list[Any]
    """Accumulators of minima, one a vector or none."""

    def at(self, emit: Emitter, part: int, token: int, width: int) -> ir.Value:
        """Return the address of this block in part 0 to 2 of a vector; `width` bytes a block."""
        b = emit.builder
        block = b.add(self.index, b.mul(I64(token), self.count))
        return b.add(self.given[part], b.mul(block, I64(width)))


def add_short(emit: Emitter, kind: Stored, block: ir.Value, sums: Sums) -> None:
    """Add a block of 32 values to the sums of every vector."""
    b = emit.builder
    weights = _short_quants(emit, kind, block)
    unsigned = kind in WITH_MINIMUM
    magnitudes = weights if unsigned else emit.with_sign(weights, weights)
    fields = emit.four_halves(block)  # scale, minimum where there is one, and what stands behind
    d = emit.pick(fields, [0] * 8)
    ones = emit.splat(1, I16X16)
    for token, high in enumerate(sums.high):
        y = emit.load(sums.at(emit, 1, token, 32), 0, I8X32)
        turned = y if unsigned else emit.with_sign(y, weights)
        pairs = emit.pair_products_u8(magnitudes, turned)
        lanes = emit.floats(emit.pair_products(pairs, ones))
        scale = emit.load(sums.at(emit, 0, token, 4), 0, F32)
        step = b.fmul(d, emit.splat(scale, F32X8))
        b.store(emit.fma(step, lanes, b.load(high)), high)
        if unsigned:
            s = emit.splat(emit.load(sums.at(emit, 2, token, 4), 0, F32), F32X4)
            low = sums.low[token]
            b.store(emit.fma(fields, s, b.load(low)), low)


def _short_quants(emit: Emitter, kind: Stored, block: ir.Value) -> ir.Value:
    """Return 32 quants, i8: signed but where a minimum is added."""
    b = emit.builder
    if kind is Stored.Q8_0:
        return emit.load(block, 2, I8X32)
    start = {Stored.Q4_0: 2, Stored.Q4_1: 4, Stored.Q5_0: 6, Stored.Q5_1: 8}[kind]
    twice = emit.pick(emit.load(block, start, I8X16), [*range(16)] * 2)
    places = ir.Constant(I32X8, [0] * 4 + [4] * 4)
    shifted = b.bitcast(b.lshr(b.bitcast(twice, I32X8), places), I8X32)
    quants = b.and_(shifted, emit.splat(15, I8X32))
    if kind in (Stored.Q5_0, Stored.Q5_1):
        quants = b.or_(quants, _fifth_bits(emit, emit.load(block, start - 4, I32)))
    centre = {Stored.Q4_0: 8, Stored.Q5_0: 16}.get(kind, 0)
    return b.sub(quants, emit.splat(centre, I8X32)) if centre else quants


def _fifth_bits(emit: Emitter, word: ir.Value) -> ir.Value:
    """Return 16 where a bit of the word is set, in the place of its weight, i8 x 32."""
    b = emit.builder
    copies = b.bitcast(emit.splat(word, I32X8), I8X32)
    bytes_ = emit.pick(copies, [*[0] * 8, *[1] * 8, *[18] * 8, *[19] * 8])
    masks = ir.Constant(I8X32, [I8(1 << (k % 8)) for k in range(32)])
    missing = b.icmp_unsigned("==", b.and_(bytes_, masks), ir.Constant(I8X32, None))
    return b.select(missing, ir.Constant(I8X32, None), emit.splat(16, I8X32))


def add_long(emit: Emitter, kind: Stored, block: ir.Value, sums: Sums) -> None:
    """Add a block of 256 values to the sums of every vector."""
    if kind is Stored.Q6_K:
        _add_q6k(emit, block, sums)
    else:
        _add_packed(emit, kind, block, sums)


def _add_packed(emit: Emitter, kind: Stored, block: ir.Value, sums: Sums) -> None:
    """Q4_K and Q5_K: eight sub-blocks with packed scales and minima."""
    b = emit.builder
    scales, minima = six_bits(emit, block)
    lanes = _sub_blocks(emit, kind, block, scales, sums)
    for token, total in enumerate(lanes):
        s = emit.load(sums.at(emit, 0, token, 4), 0, F32)
        by_sixteen = emit.load(sums.at(emit, 2, token, 32), 0, I16X16)
        even, odd = (emit.pick(by_sixteen, range(k, 16, 2)) for k in range(2))
        offset = b.fmul(b.fneg(s), emit.half(block, 2))
        lowered = emit.pair_products(minima, b.add(even, odd))
        low = sums.low[token]
        if kind is Stored.Q5_K:
            whole = b.sitofp(_total(emit, lowered), F32)
            b.store(b.fma(offset, whole, b.load(low)), low)
        else:
            wide = emit.splat(offset, F32X4)
            b.store(emit.fma(wide, emit.floats(lowered), b.load(low)), low)
        step = emit.splat(b.fmul(s, emit.half(block, 0)), F32X8)
        high = sums.high[token]
        b.store(emit.fma(step, emit.floats(total), b.load(high)), high)


def _sub_blocks(
    emit: Emitter, kind: Stored, block: ir.Value, scales: ir.Value, sums: Sums
) -> list[ir.Value]:
    """Return scale * quant * activation in eight lanes of four neighbours, i32, for each vector."""
    b = emit.builder
    fifteen, zeros = emit.splat(15, I8X32), ir.Constant(I8X32, None)
    totals = [ir.Constant(I32X8, None) for _ in sums.high]
    start = 48 if kind is Stored.Q5_K else 16
    fifths = emit.load(block, 16, I8X32) if kind is Stored.Q5_K else None
    for chunk in range(4):
        packed = emit.load(block, start + 32 * chunk, I8X32)
        for half in range(2):
            j = 2 * chunk + half
            quants = b.and_(_shifted(emit, packed, 4) if half else packed, fifteen)
            if fifths is not None:
                quants = b.or_(quants, b.and_(_shifted(emit, fifths, j - 4), emit.splat(16, I8X32)))
            # Byte j of either half and a zero, eight times: one shuffle within the halves.
            spread = emit.pick(scales, [j, 32] * 8 + [16 + j, 32] * 8, zeros)
            factor = b.bitcast(spread, I16X16)
            for token in range(len(totals)):
                y = emit.load(sums.at(emit, 1, token, 256), 32 * j, I8X32)
                pairs = emit.pair_products_u8(quants, y)
                totals[token] = b.add(totals[token], emit.pair_products(factor, pairs))
    return totals


def six_bits(emit: Emitter, block: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Unpack scales and minima of Q4_K and Q5_K.

    Return the eight scales, the first bytes of each half of i8 x 32, and the minima, i16 x 8.
    """
    b = emit.builder
    first, second, third = (emit.load(block, 4 + 4 * i, I32) for i in range(3))
    six, four, two = I32(0x3F3F3F3F), I32(0x0F0F0F0F), I32(0x03030303)

    def top(word: ir.Value) -> ir.Value:
        return b.shl(b.and_(b.lshr(word, I32(6)), two), I32(4))

    words = (
        b.and_(first, six),
        b.or_(b.and_(third, four), top(first)),
        b.and_(second, six),
        b.or_(b.and_(b.lshr(third, I32(4)), four), top(second)),
    )
    packed = ir.Constant(I32X4, ir.Undefined)
    for lane, word in enumerate(words):
        packed = b.insert_element(packed, word, I32(lane))
    fields = b.bitcast(packed, I8X16)
    return emit.pick(fields, [*range(16)] * 2), b.zext(emit.pick(fields, range(8, 16)), I16X8)


def _add_q6k(emit: Emitter, block: ir.Value, sums: Sums) -> None:
    """Q6_K: sixteen signed scales; 32 too much in each quant is taken off in whole lanes."""
    b = emit.builder
    stored = emit.load(block, Q6K_SCALES_AT, I8X16)
    # Scales of first halves of 32 values below, of second halves above: spread within the halves.
    factors = b.sext(emit.pick(stored, [*range(0, 16, 2), *range(1, 16, 2)]), I16X16)
    totals = [ir.Constant(I32X8, None) for _ in sums.high]
    for half in range(2):
        high = emit.load(block, Q6K_HIGH_AT + 32 * half, I8X32)
        lows = [emit.load(block, 64 * half + 32 * side, I8X32) for side in range(2)]
        for quarter in range(4):
            nibbles = lows[quarter & 1] if quarter < 2 else _shifted(emit, lows[quarter & 1], 4)
            pairs_of_bits = _shifted(emit, high, 2 * quarter - 4)
            quants = b.or_(
                b.and_(nibbles, emit.splat(15, I8X32)),
                b.and_(pairs_of_bits, emit.splat(0x30, I8X32)),
            )
            part = 4 * half + quarter
            spread = emit.pick(factors, [part] * 8 + [8 + part] * 8)
            for token in range(len(totals)):
                y = emit.load(sums.at(emit, 1, token, 256), 32 * part, I8X32)
                pairs = emit.pair_products_u8(quants, y)
                totals[token] = b.add(totals[token], emit.pair_products(spread, pairs))
    d = emit.half(block, Q6K_D_AT)
    for token, total in enumerate(totals):
        by_sixteen = emit.load(sums.at(emit, 2, token, 32), 0, I16X16)
        offsets = emit.pair_products(b.sext(stored, I16X16), by_sixteen)
        lanes = b.sub(total, b.shl(offsets, emit.splat(5, I32X8)))
        step = b.fmul(emit.load(sums.at(emit, 0, token, 4), 0, F32), d)
        place = sums.high[token]
        b.store(emit.fma(emit.splat(step, F32X8), emit.floats(lanes), b.load(place)), place)


def _shifted(emit: Emitter, value: ir.Value, places: int) -> ir.Value:
    """Shift words to the right where places > 0, else to the left; what crosses is masked later."""
    if places == 0:
        return value
    b = emit.builder
    words, by = b.bitcast(value, I16X16), emit.splat(abs(places), I16X16)
    return b.bitcast(b.lshr(words, by) if places > 0 else b.shl(words, by), I8X32)


def _total(emit: Emitter, four: ir.Value) -> ir.Value:
    """Return the sum of four i32."""
    b = emit.builder
    parts = [b.extract_element(four, I32(k)) for k in range(4)]
    return b.add(b.add(parts[0], parts[1]), b.add(parts[2], parts[3]))
