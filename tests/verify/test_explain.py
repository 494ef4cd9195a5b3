import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.cli.quantize import quantize
from edgevision.cli.verify import verify
from edgevision.errors import ModelError
from edgevision.quantize.graph import Graph
from edgevision.quantize.graph_reader import read_graph
from edgevision.quantize.graph_writer import to_bytes
from edgevision.verify.layers import layer_errors
from tests.quantize.builder import Builder, random_images, small_cnn


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, image in enumerate(random_images(12)):
        cv2.imwrite(str(folder / f"{number:02}.png"), image)
    return folder


@pytest.fixture
def pair(tmp_path: Path, photos: Path) -> tuple[Path, Path]:
    source, made = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    source.write_bytes(to_bytes(small_cnn()))
    quantize(source, calibration=photos, preprocess="unit", output=made)
    return source, made


def test_every_layer_is_told_with_its_sqnr(
    pair: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify(*pair, data=photos, preprocess="unit", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [layer["operator"] for layer in found["layers"]] == [
        op.name for op in small_cnn().operators
    ]
    assert all(15 < layer["sqnr_db"] <= 120 for layer in found["layers"])
    assert found["images"] == 12
    assert len(found["effects"]) == len(found["worst"])


def test_a_damaged_layer_is_found_and_its_cause_named(
    pair: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, made = pair
    graph = read_graph(made.read_bytes())
    # Read by the addition alone: a layer with a bias would get that wrong too.
    tensor = graph.tensors[next(op for op in graph.operators if op.name == "ADD").inputs[1]]
    assert tensor.scales is not None
    tensor.scales.scale[0] /= 6
    damaged = made.with_name("damaged.tflite")
    damaged.write_bytes(to_bytes(graph))
    verify(source, damaged, data=photos, preprocess="unit", fixes=False, as_json=True)
    found = json.loads(capsys.readouterr().out)
    worst = found["layers"][found["worst"][0]]
    assert worst["position"] == 3
    assert worst["cause"] == "clipped range"
    assert worst["clipped_share"] > 0.01


def test_flipped_answers_are_listed(
    pair: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, made = pair
    graph = read_graph(source.read_bytes())
    dense = next(op for op in graph.operators if op.name == "FULLY_CONNECTED")
    bias = graph.known(dense.inputs[2]).copy()
    bias += np.asarray([0, 100, 0, 0, 0], np.float32)
    graph.tensors[dense.inputs[2]].data = bias
    source.write_bytes(to_bytes(graph))
    verify(source, made, data=photos, preprocess="unit", fixes=False, as_json=True)
    flips = json.loads(capsys.readouterr().out)["flips"]
    assert flips
    assert {flip["float_class"] for flip in flips} == {1}


def test_the_text_names_the_share_of_equal_answers(
    pair: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify(*pair, data=photos, preprocess="unit", fixes=False)
    assert "of 12 answers are the float model's" in capsys.readouterr().out


def test_the_plot_is_a_picture(pair: tuple[Path, Path], photos: Path, tmp_path: Path) -> None:
    verify(*pair, data=photos, preprocess="unit", fixes=False, plot=tmp_path / "layers.png")
    picture = cv2.imread(str(tmp_path / "layers.png"))
    assert picture is not None
    assert picture.shape[0] > 100


def other() -> Graph:
    b = Builder((1, 12, 12, 3))
    return b.finish(b.mean(b.graph.inputs[0]))


def test_files_that_do_not_belong_together_are_refused(pair: tuple[Path, Path]) -> None:
    integer = read_graph(pair[1].read_bytes())
    with pytest.raises(ModelError, match="in common"):
        layer_errors(other(), integer, [])


def test_equalized_channels_are_no_error(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, made = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    source.write_bytes(to_bytes(small_cnn()))
    recipe = tmp_path / "equalized.toml"
    recipe.write_text('equalization = "on"\n')
    quantize(source, calibration=photos, preprocess="unit", output=made, recipe=str(recipe))
    capsys.readouterr()
    verify(source, made, data=photos, preprocess="unit", fixes=False, as_json=True)
    layers = json.loads(capsys.readouterr().out)["layers"]
    raised = next(layer for layer in layers if layer["position"] == 1)
    assert raised["sqnr_db"] > 25
