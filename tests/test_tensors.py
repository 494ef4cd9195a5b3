import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.tensors import Quantization, dequantize, quantize

scales = st.floats(1e-6, 1e3)
zero_points = st.integers(-128, 127)


@given(scales, zero_points, st.integers(-128, 127))
def test_integers_survive_the_round_trip(scale: float, zero_point: int, value: int) -> None:
    by = Quantization(scale=scale, zero_point=zero_point)
    q = np.array([value], np.int8)
    assert quantize(dequantize(q, by), by, np.dtype(np.int8)) == q


@given(scales, zero_points, st.floats(-1e6, 1e6))
def test_rounding_error_is_at_most_half_a_step_inside_the_range(
    scale: float, zero_point: int, real: float
) -> None:
    by = Quantization(scale=scale, zero_point=zero_point)
    inside = np.clip(real, (-128 - zero_point) * scale, (127 - zero_point) * scale)
    back = dequantize(quantize(np.array([real]), by, np.dtype(np.int8)), by)[0]
    assert abs(float(back) - inside) <= 0.5 * scale + 1e-4 * scale + 1e-5 * abs(inside)


def test_int8_extremes_do_not_wrap_around() -> None:
    by = Quantization(scale=0.5, zero_point=127)
    assert dequantize(np.array([-128], np.int8), by) == -127.5


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_scale_must_be_positive_and_finite(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        Quantization(scale=scale, zero_point=0)
