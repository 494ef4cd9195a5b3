"""From the interpreter's output tensors to what a task says of them."""

import numpy as np

from edgevision.camera.loop.predictor import TaskDecoder
from edgevision.runtime.session import TensorSpec
from edgevision.tasks.interface import FrameSize, ModelInterface, OutputInterface
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task
from edgevision.tensors import Quantization

FRAME = FrameSize(width=64, height=48)
QUANTIZED = TensorSpec(
    index=0,
    name="scores",
    shape=(1, 3),
    dtype=np.dtype("uint8"),
    quantization=Quantization(scale=1 / 256, zero_point=0),
)
SCORES = np.array([[64, 180, 12]], np.uint8)


def classifier(threshold: float) -> Task:
    output = OutputInterface(name="scores", shape=(1, 3), dtype="uint8", maker="softmax")
    spec = TaskSpec(kind="classification", labels=("a", "b", "c"))
    return build_task(spec.with_options(threshold=threshold), ModelInterface(outputs=(output,)))


def test_quantized_outputs_are_decoded_as_real_values() -> None:
    decoded = TaskDecoder((QUANTIZED,), classifier(0))((SCORES,), FRAME)
    assert [(item.label, item.score) for item in decoded.items] == [
        ("b", 180 / 256),
        ("a", 64 / 256),
        ("c", 12 / 256),
    ]
    assert decoded.answer.items == decoded.items
    assert decoded.answer.frame == FRAME


def test_labels_below_the_threshold_are_there_to_steer() -> None:
    decode = TaskDecoder((QUANTIZED,), classifier(0.6), classifier(0.2))
    decoded = decode((SCORES,), FRAME)
    assert [item.label for item in decoded.answer.items] == ["b"]
    assert [item.label for item in decoded.items] == ["b", "a"]


def test_outputs_come_without_their_batch_axis() -> None:
    spec = TensorSpec(
        index=0, name="map", shape=(1, 2, 2), dtype=np.dtype("float32"), quantization=None
    )
    output = OutputInterface(name="map", shape=(1, 2, 2))
    task = build_task(TaskSpec(kind="tensors"), ModelInterface(outputs=(output,)))
    answer = TaskDecoder((spec,), task)((np.ones((1, 2, 2), np.float32),), FRAME).answer
    assert answer.to_dict()["outputs"][0]["shape"] == [2, 2]
