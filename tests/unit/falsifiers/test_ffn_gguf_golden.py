"""The published figures against the harnesses alone: nothing here comes from a contract."""

import pytest

from pv.falsifiers.ffn_gguf import (
    block_scale,
    compounding,
    dequantization,
    parallel_matmul,
    path_difference,
    reduction_order,
    rms_norm_rsqrt,
    rope_phase,
    softmax_saturation,
    token_batch,
)
from pv.falsifiers.interface import Run
from tests.unit.falsifiers.own_registry import numbers


def measured(harness, **parameters):
    return numbers(harness(Run(parameters)))


MATMUL = {"parallel_from": 256, "threads": [1, 3], "chunks": [32, 100], "repeats": 2, "inner": 128}


def test_005_first_outputs_and_bits():
    found = measured(
        parallel_matmul.repeatability,
        **MATMUL,
        outputs=512,
        tokens=4,
        activation={"factor": 1, "modulus": 17, "centre": 8, "step": 0.1},
        weight={"factor": 31, "modulus": 23, "centre": 11, "step": 0.05},
    )
    assert found["differing_elements"] == 0
    assert found["most_workers"] == 3
    assert found["first_output_bits"] == (0xBF9D70A4, 0x3F400002, 0xBFC33332)


def test_005b_stays_on_one_thread():
    found = measured(
        parallel_matmul.repeatability,
        **MATMUL,
        outputs=64,
        tokens=1,
        activation={"factor": 1, "modulus": 13, "centre": 6, "step": 0.1},
        weight={"factor": 23, "modulus": 19, "centre": 9, "step": 0.05},
    )
    assert (found["differing_elements"], found["most_workers"]) == (0, 1)


def test_006_bits_in_both_orders_and_agreements_of_scaled_copies():
    found = measured(
        reduction_order.agreement,
        length=128,
        scaled_copies=200,
        scale_step=0.001,
        random_vectors=10,
        seed=1,
    )
    assert found["scalar_bits"] == found["lanes_bits"] == 0x44191E70
    assert found["scaled_agreements"] == 42


def test_007_first_and_last_weight():
    found = measured(dequantization.unpacking, row=0, matrix=0, random_blocks=8, seed=1)
    assert found["first_weight_bits"] == 0x412C0000
    assert found["last_weight_bits"] == 0x3FA00000
    assert found["mismatches"] == 0


def test_008_bits_of_both_paths():
    found = measured(
        path_difference.difference,
        row=0,
        matrix=0,
        token=0,
        random_vectors=2,
        random_rows=2,
        seed=1,
    )
    assert found["path_a_bits"] == 0xC69384E3
    assert found["path_b_bits"] == found["path_b_avx2_bits"] == 0xC693A21E
    assert found["difference"] == pytest.approx(14.615234, abs=5e-7)
    assert found["rel_diff"] == pytest.approx(0.077401183, abs=5e-9)


def test_009_whole_series_and_growth_like_for_like():
    found = measured(compounding.growth, matrices=5, rows=256, token=0, random_chains=1, seed=1)
    series = (0.0654416, 0.1942520, 0.4871272, 1.3435763, 0.4391437)
    assert found["vector_rel_diff"] == pytest.approx(series, abs=1e-6)
    assert found["growth_at_depth_4"] == pytest.approx(20.53, abs=0.005)
    assert found["growth_at_depth_5"] == pytest.approx(6.71, abs=0.005)


def test_010_seven_scales_in_both_orders():
    found = measured(
        block_scale.invariance,
        row=0,
        matrix=0,
        token=0,
        scales_f16=[0x1410, 0x211F, 0x2933, 0x2E66, 0x3800, 0x3C00, 0x4900],
        exponents=[-3, 5],
        random_blocks=2,
        seed=1,
    )
    swift = (0.091873, 0.091873, 0.091924, 0.092017, 0.091932, 0.091932, 0.091966)
    sequential = (0.091885, 0.091873, 0.091943, 0.092001, 0.091913, 0.091913, 0.091956)
    assert found["rel_diff_avx2"] == pytest.approx(swift, abs=1e-6)
    assert found["rel_diff_sequential"] == pytest.approx(sequential, abs=1e-6)
    assert found["order_gap"] <= 2e-5
    assert found["scales"][2] == pytest.approx(0.0406189, abs=5e-8)
    assert found["power_of_two_mismatches"] == 0


def test_011_in_float32_and_float64():
    found = measured(
        softmax_saturation.amplification,
        logits=[-1.5, 0.5, -0.8, 10.0, 1.2, -0.3, 0.7],
        perturbed=3,
        relative_perturbation=0.00077,
        saturated_logit=10.0,
        spread=2.0,
        rows=10,
        tie_sizes=[2],
        seed=1,
    )
    assert found["input_drift"] == pytest.approx(0.051333, abs=5e-7)
    assert found["output_drift_f32"] == pytest.approx(0.000578, abs=5e-7)
    assert found["amplification_f32"] == pytest.approx(0.0112648, abs=5e-8)
    assert found["amplification_f64"] == pytest.approx(0.011383, abs=5e-7)
    assert found["tie_amplification_f64"] == pytest.approx((10.0,), rel=1e-4)


def test_012_in_float32_and_float64():
    found = measured(
        rope_phase.rotation,
        head_size=64,
        theta=10000.0,
        key_position=1,
        relative_perturbation=0.00077,
        pairs=5,
        positions=100,
        seed=1,
    )
    assert found["input_drift_f32"] == pytest.approx(0.076997, abs=5e-7)
    assert found["output_drift_f32"] == pytest.approx(0.076986, abs=5e-7)
    assert found["amplification_f32"] == pytest.approx(0.9999, abs=5e-5)
    assert found["amplification_f64"] == pytest.approx(1.0, abs=1e-12)


def test_013_every_token_and_both_spreads():
    found = measured(
        token_batch.batch,
        matrices=5,
        rows=256,
        tokens=list(range(7)),
        random_matrices=1,
        random_batches=1,
        seed=1,
    )
    tokens = (0.439143, 0.246297, 0.020914, 0.028250, 0.023573, 0.024674, 0.020246)
    assert found["final_rel_diff"] == pytest.approx(tokens, abs=1e-6)
    assert found["mean_rel_diff"] == pytest.approx(0.114728, abs=1e-6)
    assert found["spread_over_tokens"] == pytest.approx(21.69, abs=0.005)
    assert found["std_a"] == pytest.approx(0.033416, abs=1e-6)
    assert found["std_b"] == pytest.approx(0.032228, abs=1e-6)
    assert 100 * (found["std_ratio"] - 1) == pytest.approx(3.6873, abs=5e-5)
    assert found["batch_factor_as_published"] == pytest.approx(0.2613, abs=5e-5)


def test_015_before_and_after_the_norm():
    found = measured(
        rms_norm_rsqrt.amplification,
        token=0,
        epsilon=1e-6,
        relative_perturbation=0.00077,
        rows=5,
        length=256,
        tiny_scales=[1e-4],
        seed=1,
    )
    assert found["drift_before"] == pytest.approx(0.0770000, abs=5e-8)
    assert found["drift_after"] == pytest.approx(0.0769996, abs=5e-8)
    assert found["amplification"] == pytest.approx(0.99999, abs=5e-6)


def test_published_growth_factors_come_out_of_the_published_division():
    inputs = {"matrices": 5, "rows": 256, "row": 0, "matrix": 0, "token": 0}
    growth = compounding.growth_as_published(Run(inputs)).ratios[0]
    assert 100 * growth.numerator.value / 0.077 == pytest.approx(5.70, abs=0.005)
    effect = token_batch.measurement_effect_as_published(Run({**inputs, "tokens": list(range(7))}))
    ratio = effect.ratios[0]
    assert 100 * ratio.numerator.value == pytest.approx(3.6873, abs=5e-5)
    assert ratio.numerator.value / ratio.denominator.value == pytest.approx(47.6, abs=0.05)
