"""What plain CUDA kernels lack: 16-byte loads, four products at once, shuffles, halves of words.

On a device they are single instructions; the simulator, which has none of them, gets the same in
Python, so that an algorithm built on them is tested without a device. Integers agree exactly.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numba import config, cuda, types

if config.ENABLE_CUDASIM:

    def load_once(array: Any, at: Any) -> Any:
        """Return elements at .. at+3 of a flat 4-byte array; `at` is a multiple of 4."""
        if int(at) % 4:  # a device would end the kernel; so does this
            raise ValueError(f"load of 16 bytes at element {at}: not aligned")
        return array[at], array[at + 1], array[at + 2], array[at + 3]

    load_again = load_once

    def dot4(a: Any, b: Any, c: Any) -> Any:
        """Return c plus the products of the four signed bytes of a with those of b, int32."""
        left, right = (np.array([int(w) & 0xFFFFFFFF], np.uint32).view(np.int8) for w in (a, b))
        return np.int32(int(c) + int(np.dot(left.astype(np.int64), right.astype(np.int64))))

    def halves(word: Any) -> Any:
        """Return the two float16 of a word as float32, the lower one first."""
        low, high = np.array([int(word) & 0xFFFFFFFF], np.uint32).view(np.float16)
        return np.float32(low), np.float32(high)

    def fraction(word: Any, mask: Any) -> Any:
        """Return the bits of a word under a mask, none above bit 22, in the fraction of 2**23."""
        bits = (int(word) & int(mask)) | 0x4B000000
        return np.array([bits], np.uint32).view(np.float32)[0]

    _BOARD: list[Any] = [None] * 1024
    """What each thread of the block shows the others: the simulator runs one block at a time."""

    def exchanged(value: Any, other: Any) -> Any:
        """Return the value of the lane whose number differs in the bits `other`.

        Every live thread of the block must take part.
        """
        thread: Any = threading.current_thread()
        _BOARD[thread.thread_id] = value
        thread.syncthreads()
        found = _BOARD[thread.thread_id ^ other]
        thread.syncthreads()  # nobody may show the next value while this one is read
        return found

else:
    from llvmlite import ir
    from numba.cuda.extending import intrinsic

    _WORD = ir.IntType(32)
    _LETTERS = {types.float32: ("f", "f32"), types.uint32: ("r", "u32"), types.int32: ("r", "s32")}

    def _load(cached: str) -> Any:
        """Return the intrinsic of a 16-byte load through the read-only path."""

        @intrinsic
        def load(_context: Any, array: Any, _at: Any) -> Any:
            """Return elements at .. at+3 of a flat 4-byte array; `at` is a multiple of 4."""
            letter, suffix = _LETTERS[array.dtype]
            text = f"ld.global.nc{cached}.v4.{suffix} {{$0, $1, $2, $3}}, [$4];"

            def generate(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
                kind = signature.args[0]
                data = context.make_array(kind)(context, builder, value=operands[0]).data
                place = builder.gep(data, [operands[1]])
                element = context.get_value_type(kind.dtype)
                loaded = ir.FunctionType(ir.LiteralStructType([element] * 4), [place.type])
                asm = ir.InlineAsm(loaded, text, ",".join([f"={letter}"] * 4) + ",l")
                four = builder.call(asm, [place])
                values = [builder.extract_value(four, k) for k in range(4)]
                return context.make_tuple(builder, signature.return_type, values)

            return types.UniTuple(array.dtype, 4)(array, types.int64), generate

        return load

    load_once = _load(".L1::no_allocate")
    """For weights: read by one warp, once; they leave the first cache to the activations."""
    load_again = _load("")
    """For activations: every row reads them."""

    @intrinsic
    def dot4(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
        """Return c plus the products of the four signed bytes of a with those of b, int32."""

        def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
            kind = ir.FunctionType(_WORD, [_WORD] * 3)
            asm = ir.InlineAsm(kind, "dp4a.s32.s32 $0, $1, $2, $3;", "=r,r,r,r")
            return builder.call(asm, operands)

        return types.int32(types.uint32, types.uint32, types.int32), generate

    @intrinsic
    def halves(_context: Any, _word: Any) -> Any:
        """Return the two float16 of a word as float32, the lower one first."""

        def generate(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            pair = ir.FunctionType(ir.LiteralStructType([ir.FloatType()] * 2), [_WORD])
            text = (
                "{ .reg .b16 low, high; mov.b32 {low, high}, $2; "
                "cvt.f32.f16 $0, low; cvt.f32.f16 $1, high; }"
            )
            both = builder.call(ir.InlineAsm(pair, text, "=f,=f,r"), operands)
            values = [builder.extract_value(both, k) for k in range(2)]
            return context.make_tuple(builder, signature.return_type, values)

        return types.UniTuple(types.float32, 2)(types.uint32), generate

    @intrinsic
    def fraction(_context: Any, _word: Any, _mask: Any) -> Any:
        """Return the bits of a word under a mask, none above bit 22, in the fraction of 2**23."""

        def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
            kind = ir.FunctionType(_WORD, [_WORD] * 3)
            # 0xEA is the table of (a & b) | c, which the compiler would make of two instructions.
            asm = ir.InlineAsm(kind, "lop3.b32 $0, $1, $2, $3, 0xEA;", "=r,r,r,r")
            bits = builder.call(asm, [*operands, ir.Constant(_WORD, 0x4B000000)])
            return builder.bitcast(bits, ir.FloatType())

        return types.float32(types.uint32, types.uint32), generate

    @cuda.jit(device=True, inline="always")
    def exchanged(value: Any, other: Any) -> Any:
        """Return the value of the lane whose number differs in the bits `other`."""
        return cuda.shfl_xor_sync(0xFFFFFFFF, value, other)


@cuda.jit(device=True, inline="always")
def sum_of_warp(value: Any) -> Any:
    """Return, in every lane, the sum of the 32 lanes' values, added as a tree."""
    for step in (16, 8, 4, 2, 1):
        value += exchanged(value, step)
    return value


@cuda.jit(device=True, inline="always")
def max_of_warp(value: Any) -> Any:
    """Return, in every lane, the largest of the 32 lanes' values."""
    for step in (16, 8, 4, 2, 1):
        value = max(value, exchanged(value, step))
    return value
