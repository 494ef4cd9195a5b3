import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from edgevision.quantize.assign import affine

reals = st.floats(-1e6, 1e6, width=32)
weights = hnp.arrays(
    np.float32, (4, 3, 3, 2), elements=st.floats(-10, 10, width=32, allow_subnormal=False)
)


def test_activation_scales_worked_example() -> None:
    scales = affine.activation_scales(-1.0, 1.55)
    np.testing.assert_allclose(scales.scale, [0.01], rtol=1e-6)
    assert scales.zero_point == [-28]


@given(reals, reals)
def test_zero_is_exact_and_the_range_is_covered_within_half_a_step(a: float, b: float) -> None:
    low, high = min(a, b, 0.0), max(a, b, 0.0)
    scales = affine.activation_scales(low, high)
    step, zero = float(scales.scale[0]), int(scales.zero_point[0])
    assert -128 <= zero <= 127
    slack = 0.5 * step * (1 + 1e-4)
    assert (-128 - zero) * step <= low + slack
    assert (127 - zero) * step >= high - slack


def test_sixteen_bits_are_symmetric() -> None:
    scales = affine.activation_scales(-2.0, 1.0, bits=16)
    assert scales.zero_point == [0]
    np.testing.assert_allclose(scales.scale, [2 / 32767], rtol=1e-6)


def test_constant_zero_activation_gets_a_usable_scale() -> None:
    scales = affine.activation_scales(0.0, 0.0)
    assert scales.scale > 0
    assert scales.zero_point == [-128]


@given(weights)
def test_weights_come_back_within_half_a_step(values: NDArray[np.float32]) -> None:
    scales = affine.weight_scales(values, 0, bias=None, input_scale=0.1)
    integers = affine.quantize_weights(values, scales)
    assert np.abs(integers.astype(int)).max() <= 127
    error = np.abs(affine.dequantize_weights(integers, scales) - values)
    assert (error <= 0.5001 * scales.scale.reshape(-1, 1, 1, 1) + 1e-12).all()


@given(
    hnp.arrays(np.float32, 4, elements=st.floats(-1e4, 1e4, width=32)),
    st.floats(1e-6, 10),
    st.sampled_from([0.0, 1e-30, 1e-7, 1.0]),
)
def test_no_bias_overflows_int32_even_in_dead_channels(
    bias: NDArray[np.float32], input_scale: float, weight: float
) -> None:
    values = np.full((4, 1, 1, 2), weight, np.float32)
    scales = affine.weight_scales(values, 0, bias=bias, input_scale=input_scale)
    integers, steps = affine.quantize_bias(bias, input_scale, scales, np.dtype(np.int32))
    assert np.abs(integers.astype(np.int64)).max() <= affine.BIAS_LIMIT
    # A channel's bias may lose half of its own step and nothing more: it was not cut off.
    error = np.abs(integers * steps.scale.astype(np.float64) - bias)
    assert (error <= 0.5001 * steps.scale + np.abs(bias) * 1e-6).all()


def test_one_scale_for_a_dense_layer_when_asked() -> None:
    values = np.asarray([[1.0, -2.0], [0.5, 127.0]], np.float32)
    scales = affine.weight_scales(values, None, bias=None, input_scale=1.0)
    np.testing.assert_array_equal(scales.scale, [1.0])
    np.testing.assert_array_equal(affine.quantize_weights(values, scales), [[1, -2], [0, 127]])
