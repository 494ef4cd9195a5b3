from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgevision.card.card import Card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.model_file import model_interface, spec_of_card
from edgevision.tasks.resolve import resolve_task
from edgevision.tflite.facts import TensorInterface
from edgevision.tflite.view import read_model
from tests.tflite.models import Build, Graph, classifier


@pytest.mark.parametrize("build", ["float32", "uint8"])
def test_softmax_is_seen_through_a_dequantize(build: Build) -> None:
    (output,) = model_interface(read_model(classifier(build))).outputs
    assert (output.name, output.shape, output.maker) == ("scores", (1, 5), "softmax")


@pytest.mark.parametrize(("fused", "maker"), [(0, "linear"), (1, "other")])
def test_dense_layer_is_linear_without_an_activation(fused: int, maker: str) -> None:
    graph = Graph()
    image = graph.tensor("image", (1, 4), "float32")
    weights = graph.tensor("weights", (2, 4), "float32", data=np.ones((2, 4), np.float32))
    options: Any = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = fused
    dense = graph.operator(
        "FULLY_CONNECTED",
        [image, weights, -1],
        graph.tensor("dense", (1, 2), "float32"),
        options=(schema.BuiltinOptions.FullyConnectedOptions, options),
    )
    shape = graph.tensor("shape", (2,), "int32", data=np.array([2, 1], np.int32))
    flat = graph.operator("RESHAPE", [dense, shape], graph.tensor("flat", (2, 1), "float32"))
    (output,) = model_interface(read_model(graph.finish([image], [flat]))).outputs
    assert output.maker == maker


def test_detector_is_known_by_its_operator_though_the_file_has_no_shapes(shared: Path) -> None:
    path = shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite"
    interface = model_interface(read_model(path), ImagePreprocessing(width=300, height=300))
    assert [output.shape for output in interface.outputs] == [(1, -1, 4), (1, -1), (1, -1), (1,)]
    assert resolve_task(interface).task.spec.kind == "detection"


def card(shape: tuple[int, ...], **changes: Any) -> Card:
    tensor = TensorInterface(name="t", shape=shape, dtype="float32")
    values: dict[str, Any] = {
        "name": "m",
        "preprocessing": ImagePreprocessing(width=4, height=4),
        "precision": "float32",
        "inputs": (tensor,),
        "outputs": (tensor,),
        **changes,
    }
    return Card(**values)


def test_card_declares_the_task() -> None:
    spec = spec_of_card(card((1, 2), labels=("cat", "dog"), activation="logits"))
    assert spec is not None
    assert (spec.kind, spec.labels, spec.activations) == (
        "classification",
        ("cat", "dog"),
        ("logits",),
    )
    assert spec_of_card(None) is None


def test_card_of_one_raw_number_without_a_name_declares_nothing() -> None:
    assert spec_of_card(card((1, 1), activation="logits")) is None
    assert spec_of_card(card((1, 1), activation="logits", labels=("cat",))) is not None
    unit = spec_of_card(card((1, 1), activation="sigmoid"))
    assert unit is not None
    assert unit.activations == ("sigmoid",)
