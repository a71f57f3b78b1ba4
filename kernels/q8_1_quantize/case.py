"""Cases of Q8_1 quantisation: those of every format in blocks of 32."""

from __future__ import annotations

from pv.kernels.q8_0_quantize.case import cases

__all__ = ["cases"]
