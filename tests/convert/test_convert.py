"""The whole way, child process and all: each test here waits for TensorFlow to start."""

from pathlib import Path

import numpy as np
import pytest

from edgevision.convert.convert import ConvertedModel, convert
from edgevision.errors import ModelError
from edgevision.runtime.session import Session
from edgevision.tflite.layer_names import layer_of
from edgevision.tflite.read import read_model
from tests.convert.conftest import ROOT, Gallery, built

REAL = ROOT.parent / "shared" / "data" / "models"


@pytest.fixture(scope="module")
def keras_2(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    return Gallery(built("tests.convert.keras2", tmp_path_factory.mktemp("keras2")))


def worst_difference(gallery: Gallery, name: str, converted: ConvertedModel) -> float:
    inputs, (expected,) = gallery.example(name)
    with Session(converted.path) as session:
        (actual,) = session.run(next(iter(inputs.values())))
    return float(np.abs(expected - actual).max() / np.abs(expected).max())


def test_a_model_is_converted_quietly_with_progress_and_no_leftovers(
    gallery: Gallery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stages: list[tuple[int, int]] = []
    converted = convert(
        gallery.model("cnn"),
        tmp_path / "cnn.tflite",
        progress=lambda done, total, _stage: stages.append((done, total)),
    )
    assert worst_difference(gallery, "cnn", converted) <= 1e-4
    assert converted.loader == "keras"
    assert set(converted.versions) == {"tensorflow", "keras"}
    assert [done for done, _ in stages] == [*range(6), 6]
    assert [path.name for path in tmp_path.iterdir()] == ["cnn.tflite"]
    assert capfd.readouterr() == ("", "")


def test_an_error_of_the_child_arrives_as_it_was_raised(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'conv_1/kernel' has 1 of 216"):
        convert(gallery.model("with_nan"), tmp_path / "out.tflite")
    assert list(tmp_path.iterdir()) == []


def test_a_keras_2_h5_is_loaded_by_keras_3(keras_2: Gallery, tmp_path: Path) -> None:
    converted = convert(keras_2.folder / "convolutions.h5", tmp_path / "out.tflite")
    assert converted.loader == "keras"
    assert converted.stripped == ("flip", "spatial")
    assert worst_difference(keras_2, "convolutions", converted) <= 1e-4


def test_what_only_keras_2_computes_is_loaded_by_tf_keras(keras_2: Gallery, tmp_path: Path) -> None:
    converted = convert(keras_2.folder / "operators.keras", tmp_path / "out.tflite")
    assert converted.loader == "tf_keras"
    assert worst_difference(keras_2, "operators", converted) <= 1e-4
    assert "'crop' (RandomCrop) crops the centre" in converted.warnings[0]
    named = {
        layer_of(tensor.name, converted.layers) for tensor in read_model(converted.path).tensors
    }
    assert {"conv", "answers"} <= named


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("mobilenet_v2_1.0_224_imagenet.keras", (1, 224, 224, 3), 1000),
        ("mlperf_resnet8_cifar10.h5", (1, 32, 32, 3), 10),
        ("mlperf_vww_96.h5", (1, 96, 96, 3), 2),
        ("mobilenet_v1_0.25_224_imagenet.h5", (1, 224, 224, 3), 1000),
    ],
)
def test_real_models_answer_as_before(
    tmp_path: Path, name: str, shape: tuple[int, ...], classes: int
) -> None:
    if not (REAL / name).exists():
        pytest.skip(f"{REAL / name} is not there")
    converted = convert(REAL / name, tmp_path / "out.tflite")
    assert converted.input_shape == shape
    assert (converted.classes, converted.activation) == (classes, "softmax")
    assert converted.largest_difference is not None
    assert converted.largest_difference <= 1e-4
    model = read_model(converted.path)
    for operator in model.operators:
        assert layer_of(model.tensors[operator.outputs[0]].name, converted.layers)
