"""The camera's input tensor equals, byte for byte, what `runtime.input_encoder` makes."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.camera.loop.tensor_input import TensorInput
from edgevision.camera.sources.frame import Frame, Layout
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tensors import Quantization


class FakeSession:
    """A session that is only its input's memory."""

    def __init__(
        self, preprocessing: ImagePreprocessing, dtype: str, to: Quantization | None
    ) -> None:
        shape = (1, preprocessing.height, preprocessing.width, preprocessing.channels)
        self.inputs = (
            TensorSpec(index=0, name="in", shape=shape, dtype=np.dtype(dtype), quantization=to),
        )
        self.memory = np.zeros(shape, dtype)

    def view(self, _spec: TensorSpec) -> NDArray[Any]:
        return self.memory

    def fill(self, _spec: TensorSpec, value: NDArray[Any]) -> None:
        # As strict as the interpreter.
        assert (value.dtype, value.shape) == (self.memory.dtype, self.memory.shape)
        self.memory[...] = value


TYPES = [
    ("uint8", Quantization(scale=1.0, zero_point=0)),
    ("uint8", Quantization(scale=0.5, zero_point=10)),
    ("int8", Quantization(scale=0.0186, zero_point=-14)),
    ("float32", None),
]
COLORS = {
    "rgb": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "bgr": ((103.939, 116.779, 123.68), (1.0,)),
    "gray": ((127.5,), (127.5,)),
    "raw": ((0.0,), (1.0,)),
}


def frame_of(rgb: NDArray[np.uint8], layout: Layout) -> Frame:
    data = rgb if layout == "rgb" else np.ascontiguousarray(rgb[..., ::-1])
    return Frame(sequence=0, captured_ns=0, data=data, layout=layout)


@settings(max_examples=150)
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    into=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    fit=st.sampled_from(["stretch", "center-crop", "letterbox"]),
    colors=st.sampled_from(sorted(COLORS)),
    kind=st.sampled_from(TYPES),
    layout=st.sampled_from(["bgr", "rgb"]),
    ahead=st.booleans(),
    seed=st.integers(0, 9),
)
def test_tensor_is_exactly_what_the_reference_makes(  # noqa: PLR0917 - drawn by name
    width: int,
    height: int,
    into: tuple[int, int],
    fit: Any,
    colors: str,
    kind: tuple[str, Quantization | None],
    layout: Layout,
    ahead: bool,
    seed: int,
) -> None:
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    mean, std = COLORS[colors]
    color: Any = "rgb" if colors == "raw" else colors
    preprocessing = ImagePreprocessing(
        width=into[0], height=into[1], fit=fit, color=color, mean=mean, std=std, pad=114
    )
    session: Any = FakeSession(preprocessing, *kind)
    tensor = TensorInput(session, preprocessing)
    # An earlier frame of another size must leave nothing behind (letterbox bars).
    tensor.write(frame_of(np.full((7, 31, 3), 200, np.uint8), layout))
    frame = frame_of(rgb, layout)
    if ahead:
        tensor.prepare(frame)
    tensor.write(frame)
    expected = InputEncoder(session.inputs[0], preprocessing)(to_pixels(rgb, preprocessing))
    assert session.memory.dtype == expected.dtype
    assert np.array_equal(session.memory, expected)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("colors", ["rgb", "gray", "raw"])
def test_nothing_of_the_size_of_the_input_is_allocated_per_frame(
    kind: tuple[str, Quantization | None], colors: str
) -> None:
    mean, std = COLORS[colors]
    color: Any = "rgb" if colors == "raw" else colors
    preprocessing = ImagePreprocessing(
        width=160, height=160, fit="letterbox", color=color, mean=mean, std=std
    )
    session: Any = FakeSession(preprocessing, *kind)
    tensor = TensorInput(session, preprocessing)
    frame = frame_of(np.zeros((240, 320, 3), np.uint8), "bgr")
    tensor.write(frame)
    tracemalloc.start()
    try:
        for _ in range(20):
            tensor.write(frame)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # NumPy reports its arrays to tracemalloc; the smallest picture here is 25 600 bytes.
    assert peak < 20_000


def test_the_allocation_test_would_notice_an_array() -> None:
    tracemalloc.start()
    try:
        held = np.zeros((160, 160), np.uint8)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak >= held.nbytes


def test_model_with_two_inputs_is_refused() -> None:
    session: Any = FakeSession(ImagePreprocessing(width=4, height=4), *TYPES[0])
    session.inputs *= 2
    with pytest.raises(ModelError, match="one input; this one has 2"):
        TensorInput(session, ImagePreprocessing(width=4, height=4))


def test_real_int8_model_gets_the_same_tensor_and_still_runs(shared: Path) -> None:
    model = shared / "models" / "mlperf_resnet8_cifar10_int8_ref.tflite"
    preprocessing = ImagePreprocessing(width=32, height=32)
    rgb = np.random.default_rng(3).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    with Session(model) as session:
        tensor = TensorInput(session, preprocessing)
        tensor.write(frame_of(rgb, "bgr"))
        written = session.view(session.inputs[0]).copy()
        session.invoke()
        straight = session.tensor(session.outputs[0].index)
        fed = InputEncoder(session.inputs[0], preprocessing)(to_pixels(rgb, preprocessing))
        assert np.array_equal(written, fed)
        assert np.array_equal(straight, session.run(fed)[0])
