import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import TensorSpec
from edgevision.tensors import Quantization, quantize

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 14


def spec(dtype: str, quantization: Quantization | None = None) -> TensorSpec:
    return TensorSpec(
        index=0, name="in", shape=(1, 2, 3, 3), dtype=np.dtype(dtype), quantization=quantization
    )


def preprocessing(
    mean: tuple[float, ...] = (0,), std: tuple[float, ...] = (1,)
) -> ImagePreprocessing:
    return ImagePreprocessing(width=3, height=2, mean=mean, std=std)


def test_float_input_gets_normalized_values() -> None:
    fed = InputEncoder(spec("float32"), preprocessing((127.5,), (127.5,)))(PIXELS)
    assert fed.dtype == np.float32
    assert fed.shape == (1, 2, 3, 3)
    assert fed[0] == pytest.approx(PIXELS / 127.5 - 1, abs=1e-6)


def test_uint8_input_whose_scale_is_the_normalization_gets_the_pixels_untouched() -> None:
    feed = InputEncoder(
        spec("uint8", Quantization(scale=1 / 128, zero_point=127)), preprocessing((127,), (128,))
    )
    assert feed.takes_pixels
    assert feed(PIXELS)[0] is not None
    assert (feed(PIXELS)[0] == PIXELS).all()


@given(st.integers(-128, 127), st.floats(1e-3, 0.1))
def test_int8_input_gets_the_quantized_normalized_pixels(zero_point: int, scale: float) -> None:
    to = Quantization(scale=scale, zero_point=zero_point)
    three = preprocessing((10.0, 20.0, 30.0), (50.0, 60.0, 70.0))
    fed = InputEncoder(spec("int8", to), three)(PIXELS)
    assert (fed[0] == quantize(normalize(PIXELS, three), to, np.dtype(np.int8))).all()


@pytest.mark.parametrize("dtype", ["float16", "bool"])
def test_types_that_pixels_cannot_become_are_refused(dtype: str) -> None:
    with pytest.raises(ModelError, match=dtype):
        InputEncoder(spec(dtype), preprocessing())


def test_shape_that_preprocessing_does_not_make_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\(1, 2, 3, 3\)"):
        InputEncoder(spec("float32"), ImagePreprocessing(width=4, height=2))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64"])
def test_integer_input_without_scale_takes_the_numbers_themselves(dtype: str) -> None:
    fed = InputEncoder(spec(dtype), preprocessing((0,), (1,)))(PIXELS)
    assert fed.dtype == dtype
    assert (fed[0] == PIXELS).all()
    fed = InputEncoder(spec("int32"), preprocessing((128,), (1,)))(PIXELS)
    assert (fed[0] == PIXELS.astype(np.int32) - 128).all()


@pytest.mark.parametrize(
    ("dtype", "mean", "std"),
    [("uint8", 0, 255), ("uint8", 128, 1), ("int8", 0, 1), ("int32", 0.5, 1)],
)
def test_numbers_that_an_input_without_scale_cannot_hold_are_refused(
    dtype: str, mean: float, std: float
) -> None:
    with pytest.raises(ModelError, match=f"whole numbers .{dtype}.") as caught:
        InputEncoder(spec(dtype), preprocessing((mean,), (std,)))
    assert "--preprocess raw" in caught.value.hint
