"""Both engines on models of every kind: against the independent pass and each other."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pv.errors import MissingError
from pv.forward import decoders, quantized, transformer
from pv.forward import trunk as trunk_module
from pv.forward.engine import ENGINES, production, reference, replaced
from pv.forward.production import Production
from pv.forward.quantized import Device, route_of
from pv.forward.trunk import Trunk
from pv.kernels import Backend
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_header import open_model
from tests.unit.forward.oracle import oracle_logits
from tests.unit.forward.random_model import Recipe, write_model

IDS = [3, 1, 4, 1, 59, 26, 5, 35, 89, 79, 3]
SMALL = Recipe(width=64, ffn=96, heads=4, kv_heads=2, gain=1.0)
WIDE = Recipe(types="Q8_0", gain=0.5)


def logits_of(model, make, ids=IDS, **kept):
    trunk = Trunk(model, **kept)
    engine = make(trunk)
    stream = transformer.run(trunk, [ids], engine).residual[-1]
    return transformer.logits(trunk, stream, engine)


MODELS = {
    "plain": {},
    "tied": {"tied": True},
    "one key-value head": {"kv_heads": 1},
    "linear": {"scaling": {"type": "linear", "factor": 4.0}},
    "scaling switched off": {"scaling": {"type": "none", "factor": 4.0}},
    "another base": {"rope_base": 500.0},
}


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("kind", MODELS)
def test_the_reference_agrees_with_the_independent_pass(tmp_path, architecture, kind):
    recipe = SMALL._replace(architecture=architecture, **MODELS[kind])
    path = write_model(tmp_path / "m.gguf", recipe)
    theirs = oracle_logits(path, IDS)
    with open_model(path) as model:
        ours = logits_of(model, reference)
    assert np.abs(ours - theirs).max() <= 2e-5 * np.abs(theirs).max()


@pytest.mark.parametrize("fields", [{"head_dim": 24}, {"all_biases": True}], ids=str)
def test_heads_of_another_size_and_biases_everywhere_are_understood(tmp_path, fields):
    path = write_model(tmp_path / "m.gguf", SMALL._replace(**fields))
    theirs = oracle_logits(path, IDS)
    with open_model(path) as model:
        ours = logits_of(model, reference)
    assert np.abs(ours - theirs).max() <= 2e-5 * np.abs(theirs).max()


def test_factors_in_the_file_divide_the_frequencies(tmp_path):
    path = write_model(tmp_path / "m.gguf", SMALL._replace(factors=True))
    theirs = oracle_logits(path, IDS)
    with open_model(path) as model:
        ours = logits_of(model, reference)
    assert np.abs(ours - theirs).max() <= 2e-5 * np.abs(theirs).max()


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"])
def test_production_differs_by_what_quantised_activations_cost(tmp_path, architecture, kind):
    path = write_model(tmp_path / "m.gguf", WIDE._replace(architecture=architecture, types=kind))
    with open_model(path) as model:
        exact, found = (logits_of(model, make).astype(float) for make in ENGINES.values())
    apart = np.linalg.norm(found - exact) / np.linalg.norm(exact)
    # Half steps of 1/127 of a block's largest, over a few products; float16 keys for plain types.
    least, most = (1e-7, 5e-3) if kind in quantized.ROUNDED.values() else (1e-4, 5e-2)
    assert (1e-8 if kind == "F32" else least) < apart < most


@pytest.mark.parametrize("name", ENGINES)
def test_watching_changes_no_bit(tmp_path, name):
    with open_model(write_model(tmp_path / "m.gguf", WIDE)) as model:
        trunk = Trunk(model)
        engine, seen = ENGINES[name](trunk), []
        plain = transformer.run(trunk, [IDS], engine).residual
        watched = transformer.run(trunk, [IDS], engine, lambda *at: seen.append(at)).residual
    np.testing.assert_array_equal(plain, watched)
    assert len(seen) == 2 * len(transformer.IN_A_LAYER)


def test_a_token_of_production_is_computed_apart_from_the_others(tmp_path):
    recipe = WIDE._replace(types={"ffn_down": "F32", "attn_v": "F16", "*": "Q4_1"})
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        whole = logits_of(model, production)
        for count in (1, 2, 5):
            part = logits_of(model, production, IDS[:count])
            np.testing.assert_array_equal(whole[:count], part)


def test_activations_that_were_overwritten_are_quantised_again(tmp_path):
    x = np.random.default_rng(6).standard_normal((2, 256)).astype(np.float32)
    with open_model(write_model(tmp_path / "m.gguf", WIDE)) as model:
        engine = production(Trunk(model))
        first = engine.product("blk.0.ffn_up.weight", x)
        x *= np.float32(2)
        np.testing.assert_array_equal(engine.product("blk.0.ffn_up.weight", x), 2 * first)


def test_no_bit_of_production_depends_on_compiled_code(tmp_path, monkeypatch):
    recipe = WIDE._replace(types={"ffn_down": "Q4_K", "attn_v": "Q6_K", "*": "Q5_1"}, layers=1)
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        compiled = logits_of(model, production)
        quantized._load.cache_clear()
        monkeypatch.setattr(quantized, "_backend", lambda operation: Backend.NUMPY)
        plain = logits_of(model, production)
    quantized._load.cache_clear()
    np.testing.assert_array_equal(compiled, plain)


@pytest.mark.parametrize("name", ENGINES)
def test_slices_give_what_whole_matrices_give(tmp_path, monkeypatch, name):
    recipe = WIDE._replace(types={"ffn_down": "Q4_K", "attn_v": "Q6_K", "*": "F16"})
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        whole = logits_of(model, ENGINES[name], keep=True)
        monkeypatch.setattr(trunk_module, "WHOLE_WEIGHTS", 0)
        monkeypatch.setattr(trunk_module, "SLICE_WEIGHTS", 7 * 256)
        sliced = logits_of(model, ENGINES[name])
    np.testing.assert_allclose(sliced, whole, rtol=0, atol=1e-2 * np.abs(whole).max())


@pytest.mark.parametrize("kind", ["Q4_K", "Q6_K"])
def test_compiled_decoders_have_the_bits_of_the_reference_ones(tmp_path, monkeypatch, kind):
    name = "blk.0.ffn_up.weight"
    with open_model(write_model(tmp_path / "m.gguf", WIDE._replace(types=kind))) as model:
        plain = Trunk(model).weights(name)
        monkeypatch.setattr(decoders, "COMPILED_FROM", 0)
        compiled = Trunk(model)
        np.testing.assert_array_equal(plain, compiled.weights(name))
        for rows, weights in compiled.slices(name, range(5, 500)):
            np.testing.assert_array_equal(plain[rows], weights)
        assert rows.stop == 500


def test_routes_name_type_activations_and_kernel_of_every_matrix(tmp_path):
    recipe = WIDE._replace(types={"ffn_down": "Q4_K", "attn_v": "F16", "*": "Q4_1"}, layers=1)
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        routes = Production(Trunk(model)).routes()
    assert len(routes) == 8
    assert routes["blk.0.ffn_down.weight"][:3] == (
        GgmlType.Q4_K,
        "q8_k",
        "block_matmat, numba",
    )
    assert routes["blk.0.attn_v.weight"][:2] == (GgmlType.F16, "f16")
    assert routes["output.weight"][:2] == (GgmlType.Q4_1, "q8_1")
    assert all(each.as_ggml and not each.note for each in routes.values())


@pytest.mark.parametrize("kind", [GgmlType.Q2_K, GgmlType.IQ4_NL, GgmlType.TQ2_0])
def test_a_type_without_a_kernel_says_so(kind):
    route = route_of(kind, Device.CPU)
    assert (route.as_ggml, route.activations) == (False, "f32")
    assert f"{kind.name} has no kernel here" in route.note


def test_a_type_without_a_kernel_is_multiplied_in_float32(tmp_path):
    recipe = WIDE._replace(types={"ffn_down": "TQ2_0", "*": "F32"})
    with open_model(write_model(tmp_path / "m.gguf", recipe)) as model:
        trunk = Trunk(model)
        (remark,) = Production(trunk).remarks()
        assert remark.startswith("blk.0.ffn_down.weight and 1 more: TQ2_0 has no kernel here")
        inner = np.random.default_rng(2).standard_normal((3, 512)).astype(np.float32)
        found, exact = (
            make(trunk).product("blk.1.ffn_down.weight", inner) for make in ENGINES.values()
        )
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-5 * np.abs(exact).max())


def test_a_replaced_operation_is_that_of_every_layer_and_no_other(tmp_path):
    with open_model(write_model(tmp_path / "m.gguf", WIDE)) as model:
        trunk = Trunk(model)
        engine, calls = production(trunk), []

        def watched(layer, x):
            calls.append((layer, x.shape))
            return engine.product(f"blk.{layer}.attn_k.weight", x)

        other = replaced(engine, "attn_k", watched)
        same = transformer.run(trunk, [IDS], other).residual
        np.testing.assert_array_equal(same, transformer.run(trunk, [IDS], engine).residual)
    assert calls == [(0, (11, 256)), (1, (11, 256))]


def test_cuda_without_a_device_says_why(tmp_path, monkeypatch):
    from pv.kernels import interface

    monkeypatch.setattr(interface, "simulated", lambda: False)
    monkeypatch.setattr(interface, "_cuda_devices", lambda: (0, "no CUDA device: told so"))
    with open_model(write_model(tmp_path / "m.gguf", WIDE)) as model:
        trunk = Trunk(model)
        with pytest.raises(MissingError, match="no CUDA device: told so"):
            production(trunk, "cuda")


CUDA = """
import sys, numpy as np
from pathlib import Path
from pv.forward import transformer
from pv.forward.engine import production
from pv.forward.production import Production
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from tests.kernels.patient_simulator import wait_patiently
wait_patiently()
with open_model(Path(sys.argv[1])) as model:
    trunk, logits = Trunk(model), []
    for device in ("cpu", "cuda"):
        engine = production(trunk, device)
        stream = transformer.run(trunk, [[3, 1]], engine).residual[-1]
        logits.append(transformer.logits(trunk, stream, engine))
    routes = Production(trunk, "cuda").routes()
    print(engine.name, routes["blk.0.ffn_down.weight"].kernel, sep="; ")
    print(routes["blk.0.attn_q.weight"].note or routes["blk.0.attn_q.weight"].kernel)
    print(float(np.abs(logits[0] - logits[1]).max() / np.abs(logits[0]).max()))
    assert (logits[0] != logits[1]).any()
"""


def test_cuda_kernels_compute_the_pass_in_the_simulator(tmp_path, monkeypatch):
    """The same kernels as on a device, in Numba's simulator: what comes out is no device's."""
    types = {"ffn_down": "Q8_0", "attn_v": "Q4_1", "attn_q": "Q5_0", "*": "F32"}
    recipe = Recipe("qwen2", types=types, layers=1, width=32, ffn=32, heads=2, kv_heads=1, gain=0.5)
    path = write_model(tmp_path / "m.gguf", recipe)
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    command = [sys.executable, "-c", CUDA, str(path)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    first, second, apart = done.stdout.splitlines()
    assert first == "production, cuda simulator; q8_0_q8_0_matvec, cuda simulator"
    assert second == "Q5_0 has no CUDA kernel"
    assert float(apart) < 1e-4
