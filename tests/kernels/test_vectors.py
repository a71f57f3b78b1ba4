"""Vector code beside the loops: same bits, same refusals, no copy of the weights, kept compiled."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from pv.errors import BadInputError, MissingError
from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Order
from pv.kernels.processor import numba_compile
from pv.kernels.processor.numba_compile import has_vectors, takes_vectors
from pv.kernels.q4k_dequantize import case as dequantize_case
from pv.kernels.q4k_dequantize import numba_cpu as dequantize
from pv.kernels.q4k_q8k_matvec import case as product_case
from pv.kernels.q4k_q8k_matvec import numba_cpu as product
from pv.kernels.q8k_quantize.reference import to_bytes
from tests.kernels.agreement import same_bits

needs_vectors = pytest.mark.skipif(
    not has_vectors(), reason="this processor lacks AVX2, FMA or F16C"
)
both = pytest.mark.parametrize(
    "vectors", [pytest.param(True, marks=needs_vectors), False], ids=["vectors", "loops"]
)
MATRIX = dequantize_case.random_blocks("vectors", 12 * 8).reshape(12, 8, 144)
VIEWS = {
    "whole": lambda m: m,
    "rows backwards": lambda m: m[::-1],
    "every other block": lambda m: m[:, ::2],
    "both backwards": lambda m: m[::-3, ::-1],
    "transposed": lambda m: m.transpose(1, 0, 2),
    "one row many times": lambda m: np.broadcast_to(m[:1], m.shape),
    "bytes apart": lambda m: np.repeat(m, 2, axis=-1)[..., ::2],
}
views = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


@both
@pytest.mark.parametrize("case", product_case.cases(), ids=lambda c: c.name)
def test_products_have_ggmls_bits(case, vectors):
    blocks, activation = case.arguments
    expected = ggml.dot(blocks, to_bytes(activation), "avx2")
    found = product.matvec(blocks, activation, Order.GGML_AVX2, vectors=vectors)
    assert same_bits(expected, found) == ""


@both
@pytest.mark.parametrize("case", dequantize_case.cases(), ids=lambda c: c.name)
def test_weights_have_ggmls_bits(case, vectors):
    (blocks,) = case.arguments
    expected = ggml.dequantize_q4k(blocks.reshape(-1, 144))
    found = dequantize.dequantize(blocks, vectors=vectors)
    assert same_bits(expected, found.reshape(-1, 256)) == ""


@both
def test_every_super_scale_has_ggmls_bits(vectors):
    blocks = np.repeat(dequantize_case.random_blocks("f16", 1), 65536, axis=0)
    words = np.arange(65536, dtype="<u2")
    blocks[:, :2], blocks[:, 2:4] = (w[:, None].view(np.uint8) for w in (words, words[::-1].copy()))
    found = dequantize.dequantize(blocks, vectors=vectors)
    assert same_bits(ggml.dequantize_q4k(blocks), found) == ""


@both
@views
def test_views_are_read_where_they_are(view, vectors):
    seen = view(MATRIX)
    packed = np.ascontiguousarray(seen)
    activation = product_case.activation("views", seen.shape[1])
    for order in Order:
        use = vectors and order in (Order.GGML_AVX2, Order.AVX2_RUST)
        expected = product.matvec(packed, activation, order, vectors=False)
        found = product.matvec(seen, activation, order, vectors=use)
        assert same_bits(expected, found) == ""
    expected = dequantize.dequantize(packed, vectors=False)
    assert same_bits(expected, dequantize.dequantize(seen, vectors=vectors)) == ""


@both
def test_mapped_weights_are_neither_copied_nor_written(tmp_path, vectors):
    """Read-only, at an odd address: a write would end the process, a copy would be seen."""
    blocks = dequantize_case.random_blocks("mapped", 4000)
    (tmp_path / "weights").write_bytes(b"x" + blocks.tobytes())
    mapped = np.memmap(tmp_path / "weights", np.uint8, "r", offset=1).reshape(500, 8, 144)
    assert mapped.ctypes.data % 2 == 1
    activation = product_case.activation("mapped", 8)
    out = np.empty((500, 8, 256), np.float32)
    calls = {
        "product": lambda m: product.matvec(m, activation, Order.GGML_AVX2, vectors=vectors),
        "strided product": lambda m: product.matvec(
            m[::-1, ::2], product_case.activation("s", 4), Order.GGML_AVX2, vectors=vectors
        ),
        "weights": lambda m: dequantize.dequantize(m, out, vectors=vectors),
    }
    for name, call in calls.items():
        call(MATRIX[:1, :8]) if name == "product" else None  # imports are not counted
        expected = np.array(call(blocks.reshape(mapped.shape)))
        tracemalloc.start()
        found = call(mapped)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert same_bits(expected, found) == "", name
        assert peak < mapped.nbytes / 8, name  # loops keep the super-scales: 8 of 144 bytes


@both
def test_weights_go_where_they_are_asked_to(vectors):
    blocks = MATRIX[0]
    out = np.full((10, 256), np.nan, np.float32)
    given = out[1:9]
    assert dequantize.dequantize(blocks, given, vectors=vectors) is given
    assert same_bits(ggml.dequantize_q4k(blocks), out[1:9]) == ""
    assert np.isnan(out[[0, 9]]).all()  # nothing is written beside it


def test_outputs_that_do_not_fit_are_refused():
    blocks = MATRIX[0]
    read_only = np.empty((8, 256), np.float32)
    read_only.flags.writeable = False
    wrong = {
        r"found shape \(7, 256\), expected \(8, 256\)": np.empty((7, 256), np.float32),
        "found dtype float64, expected float32": np.empty((8, 256)),
        "read-only, strided or unaligned": read_only,
        "expected a writable one in C order": np.empty((16, 256), np.float32)[::2],
    }
    for text, out in wrong.items():
        with pytest.raises(BadInputError, match=text):
            dequantize.dequantize(blocks, out)


def test_asking_for_vectors_that_are_not_there_is_refused(monkeypatch):
    activation = product_case.activation("refused", 8)
    with pytest.raises(MissingError, match="order ggml-generic: none exists"):
        product.matvec(MATRIX, activation, Order.GGML_GENERIC, vectors=True)
    monkeypatch.setattr(numba_compile, "has_vectors", lambda: False)
    with pytest.raises(MissingError, match="lacks one of avx2, fma, f16c"):
        dequantize.dequantize(MATRIX, vectors=True)
    assert not takes_vectors("anything", None)


@pytest.mark.parametrize(
    ("machine", "features", "name", "told", "expected"),
    [
        ("x86_64", ("avx2", "fma", "f16c"), None, None, True),
        ("AMD64", ("avx2", "fma", "f16c", "avx512f"), None, None, True),
        ("x86_64", ("fma", "f16c"), None, None, False),
        ("x86_64", ("avx2", "f16c"), None, None, False),
        ("x86_64", ("avx2", "fma"), None, None, False),
        ("x86_64", None, None, None, False),
        ("aarch64", ("avx2", "fma", "f16c"), None, None, False),
        ("x86_64", ("avx2", "fma", "f16c"), "generic", "", False),
        ("x86_64", ("avx2", "fma", "f16c"), "nehalem", None, False),
        ("x86_64", (), None, "+avx2,+fma,+f16c", True),
        ("x86_64", ("avx2", "fma", "f16c"), None, "+avx2,-fma,+f16c", False),
    ],
)
def test_vectors_are_taken_only_where_they_compile(
    monkeypatch, machine, features, name, told, expected
):
    def present():
        if features is None:
            raise RuntimeError("unknown processor")
        return dict.fromkeys(features, True)

    monkeypatch.setattr(numba_compile.platform, "machine", lambda: machine)
    monkeypatch.setattr(numba_compile.llvm, "get_host_cpu_features", present)
    monkeypatch.setattr(numba_compile.config, "CPU_NAME", name)
    monkeypatch.setattr(numba_compile.config, "CPU_FEATURES", told)
    assert has_vectors.__wrapped__() is expected


PROGRAM = """
from pv.kernels.layout import Order
from pv.kernels.processor.numba_compile import has_vectors
from pv.kernels.q4k_dequantize import case as blocks, numba_cpu as dequantize
from pv.kernels.q4k_q8k_matvec import case, numba_cpu as product
made, activation = blocks.random_blocks("apart", 12).reshape(3, 4, 144), case.activation("apart", 4)
found = product.matvec(made, activation, Order.GGML_AVX2)
print(has_vectors(), found.tobytes().hex(), dequantize.dequantize(made).sum(dtype=float).hex())
"""
KEPT = """
from pv.kernels.q4k_dequantize import case, numba_cpu
weights = numba_cpu.dequantize(case.random_blocks("kept", 3), vectors=False)
print(sum(numba_cpu._dequantize.stats.cache_hits.values()), weights.tobytes().hex())
"""


def run_apart(program=PROGRAM, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_processor_without_vectors_runs_the_loops(tmp_path):
    """Numba compiles for a plain x86-64 there: one vector instruction would abort the process."""
    plain = run_apart(NUMBA_CPU_NAME="generic", NUMBA_CACHE_DIR=str(tmp_path))
    here = run_apart()
    assert plain[0] == "False"
    assert plain[1:] == here[1:]


def test_compiled_code_is_kept_repaired_and_not_taken_from_others(tmp_path):
    def run():
        return run_apart(KEPT, NUMBA_CACHE_DIR=str(tmp_path))

    def hits(found):
        assert found[1] == first[1]
        return found[0]

    first = run()
    assert (hits(first), hits(run())) == ("0", "1")
    folders = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        folder.chmod(0o777)
    assert hits(run()) == "0"  # anybody could have put it there
    for folder in folders:
        folder.chmod(0o700)
    for kept in [*tmp_path.rglob("*.nbc"), *tmp_path.rglob("*.nbi")]:
        kept.write_bytes(kept.read_bytes()[:40])
    assert (hits(run()), hits(run())) == ("0", "1")


@pytest.mark.parametrize(
    ("owner", "group", "mode", "expected"),
    [
        ("us", "ours", 0o700, True),
        ("us", "ours", 0o755, True),
        ("us", "ours", 0o775, True),  # as the sources here
        ("us", "theirs", 0o775, False),
        ("us", "ours", 0o757, False),
        ("another", "ours", 0o700, False),
        ("of the sources", "ours", 0o755, True),
    ],
)
def test_who_may_keep_code_for_us(monkeypatch, tmp_path, owner, group, mode, expected):
    kept, sources = tmp_path / "kept", tmp_path / "sources"
    facts = {
        kept: (
            mode,
            {"us": 7, "another": 8, "of the sources": 9}[owner],
            {"ours": 5}.get(group, 6),
        ),
        sources: (0o775, 9, 5),
    }

    def stat(path):
        permissions, user, owners = facts[path]
        return os.stat_result((permissions, 0, 0, 1, user, owners, 0, 0, 0, 0))

    monkeypatch.setattr(numba_compile.Path, "stat", stat)
    monkeypatch.setattr(numba_compile.os, "geteuid", lambda: 7)
    assert numba_compile._is_private(kept, sources) is expected


def test_code_is_not_kept_across_a_change_of_what_it_is_built_from(monkeypatch):
    before = product._avx2._cache._index_key((), _Codegen)
    monkeypatch.setattr(numba_compile, "_sources_digest", lambda: "other")
    assert product._avx2._cache._index_key((), _Codegen) != before


class _Codegen:
    magic_tuple = staticmethod(lambda: ())
