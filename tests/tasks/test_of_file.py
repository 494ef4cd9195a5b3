from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.resolve import resolve_task
from edgevision.tflite.envelope.signature import Signature, write_signature
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import RELU, Builder
from tests.tflite.models import Build, classifier


def maker_of(b: Builder, output: int) -> str:
    (one,) = interface_of_file(read_model(serialize(b.finish(output)))).outputs
    return one.maker


def dense(b: Builder) -> int:
    return b.dense(b.mean(b.graph.inputs[0]), np.ones((3, 3)), np.zeros(3))


def test_a_dense_layer_makes_logits() -> None:
    b = Builder((1, 4, 4, 3))
    assert maker_of(b, dense(b)) == "linear"


@pytest.mark.parametrize(("last", "maker"), [("SOFTMAX", "softmax"), ("LOGISTIC", "sigmoid")])
def test_moves_of_data_are_looked_through(last: str, maker: str) -> None:
    b = Builder((1, 4, 4, 3))
    scores = b.softmax(dense(b)) if last == "SOFTMAX" else b.op(last, [dense(b)], (1, 3))
    assert maker_of(b, b.reshape(b.reshape(scores, (1, 1, 3)), (3,))) == maker


def test_logits_stay_logits_when_they_are_averaged() -> None:
    b = Builder((1, 4, 4, 3))
    assert maker_of(b, b.mean(b.conv(0, np.ones((5, 1, 1, 3)), None))) == "linear"


def test_an_average_of_sigmoids_is_no_sigmoid() -> None:
    b = Builder((1, 4, 4, 3))
    assert maker_of(b, b.mean(b.op("LOGISTIC", [0], (1, 4, 4, 3)))) == "other"


def test_a_fused_activation_makes_no_logits() -> None:
    b = Builder((1, 4, 4, 3))
    assert maker_of(b, b.conv(0, np.ones((5, 1, 1, 3)), None, activation=RELU)) == "other"
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = RELU
    b = Builder((1, 4, 4, 3))
    inputs = [b.mean(0), b.constant("w", np.ones((2, 3)))]
    assert maker_of(b, b.op("FULLY_CONNECTED", inputs, (1, 2), options)) == "other"


def test_outputs_are_in_the_files_order_and_each_has_its_own_maker() -> None:
    b = Builder((1, 4, 4, 3))
    logits = dense(b)
    made = interface_of_file(read_model(serialize(b.finish(b.softmax(logits), logits, 0)))).outputs
    assert [one.maker for one in made] == ["softmax", "linear", "other"]
    assert [one.shape for one in made] == [(1, 3), (1, 3), (1, 4, 4, 3)]


@pytest.mark.parametrize("build", ["float32", "uint8"])
def test_softmax_is_seen_through_a_dequantize(build: Build) -> None:
    (output,) = interface_of_file(read_model(classifier(build))).outputs
    assert (output.name, output.shape, output.maker) == ("scores", (1, 5), "softmax")


def test_outputs_have_the_names_of_the_signature_and_not_the_converters() -> None:
    b = Builder((1, 4, 4, 3))
    logits = dense(b)
    content = serialize(b.finish(b.softmax(logits), logits))
    first, second = read_model(content).outputs
    names = Signature(inputs=(("image", 0),), outputs=(("kind", second), ("", first)))
    made = interface_of_file(read_model(write_signature(content, names))).outputs
    # A name that is none gives way to the tensor's.
    assert [one.name for one in made] == [read_model(content).tensors[first].name, "kind"]


def test_one_tensor_under_two_names_has_both() -> None:
    b = Builder((1, 4, 4, 3))
    logits = dense(b)
    content = serialize(b.finish(logits, logits))
    at, _ = read_model(content).outputs
    names = Signature(inputs=(("image", 0),), outputs=(("a", at), ("b", at)))
    made = interface_of_file(read_model(write_signature(content, names))).outputs
    assert [one.name for one in made] == ["a", "b"]


def test_detector_is_known_by_its_operator_though_the_file_has_no_shapes(shared: Path) -> None:
    path = shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite"
    interface = interface_of_file(read_model(path), ImagePreprocessing(width=300, height=300))
    assert [output.shape for output in interface.outputs] == [(1, -1, 4), (1, -1), (1, -1), (1,)]
    assert resolve_task(interface).task.spec.kind == "detection"
