"""`load_model`: an image in, its decoded answer out."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import edgevision as ev
from edgevision.errors import ImageSetError, ModelError, UsageError
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, small_cnn


def test_a_path_bytes_and_pixels_give_the_same_answer(optimized: Path, photos: Path) -> None:
    path = photos / "held-out" / "c-blue" / "3.png"
    pixels = cv2.cvtColor(np.asarray(cv2.imread(str(path))), cv2.COLOR_BGR2RGB).astype(np.uint8)
    with ev.load_model(optimized / "int8.tflite") as model:
        answers = [model(given).items for given in (path, str(path), path.read_bytes(), pixels)]
    assert answers[0][0].label == "c-blue"
    assert all(one == answers[0] for one in answers)


def test_it_answers_as_evaluate_does(optimized: Path, photos: Path) -> None:
    images = ev.open_image_set(photos / "held-out")
    found = ev.evaluate(optimized / "int8.tflite", images)
    assert found.evaluation is not None
    with ev.load_model(str(optimized / "int8.tflite")) as model:
        best = [one.best.index for one in model.batch(images) if one.best is not None]
    right = sum(index == item.class_index for index, item in zip(best, images, strict=True))
    assert right == found.evaluation.headline.estimate.hits


def test_fewer_answers_and_only_sure_ones(optimized: Path, photos: Path) -> None:
    path = photos / "held-out" / "a-red" / "0.png"
    with ev.load_model(optimized / "int8.tflite", top_k=1) as model:
        assert len(model(path).items) == 1
    with ev.load_model(optimized / "int8.tflite", threshold=1.0) as model:
        assert model(path).best is None


def test_labels_given_replace_the_cards(optimized: Path, photos: Path) -> None:
    names = ["rouge", "vert", "bleu"]
    with ev.load_model(optimized / "int8.tflite", labels=names) as model:
        best = model(photos / "held-out" / "b-green" / "0.png").best
    assert best is not None
    assert best.label == "vert"


def test_a_model_without_card_needs_to_be_told(tmp_path: Path) -> None:
    path = tmp_path / "stranger.tflite"
    path.write_bytes(serialize(small_cnn()))
    with pytest.raises(UsageError, match=r"how stranger.tflite wants its pixels is not known"):
        ev.load_model(path)
    with ev.load_model(path, preprocessing="unit") as model:
        assert model(np.zeros((30, 40, 3), np.uint8)).best is not None


def test_outputs_of_no_known_meaning_are_real_numbers_and_no_classes(tmp_path: Path) -> None:
    b = Builder((1, 12, 12, 3))
    path = tmp_path / "map.tflite"
    path.write_bytes(serialize(b.finish(b.conv(0, np.ones((2, 3, 3, 3)), None))))
    with ev.load_model(path, preprocessing="unit") as model:
        found = model(np.full((12, 12, 3), 255, np.uint8))
    assert found.items == ()
    assert found.best is None
    assert found.answer.to_dict()["outputs"][0]["max"] == 27.0
    [heights] = found.tensors.values()
    assert (heights.shape[-1], float(heights.max())) == (2, 27.0)


def test_a_task_may_be_declared_in_place_of_the_cards(optimized: Path, photos: Path) -> None:
    with ev.load_model(optimized / "int8.tflite", task="tensors") as model:
        found = model(photos / "held-out" / "a-red" / "0.png")
    assert found.items == ()
    assert next(iter(found.tensors.values())).shape == (3,)


def test_an_answer_can_be_drawn(optimized: Path, photos: Path) -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    with ev.load_model(optimized / "int8.tflite") as model:
        drawn = model(picture).answer.draw(picture)
    assert drawn.shape == picture.shape
    assert drawn.any()
    assert not picture.any()


def test_what_was_declared_and_is_not_used_is_told(optimized: Path) -> None:
    heard: list[str] = []
    model = ev.load_model(
        optimized / "int8.tflite",
        preprocessing="imagenet-caffe",
        notify=lambda _severity, text: heard.append(text),
    )
    model.close()
    assert "its pixels are normalized as its card says" in heard[0]


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8)])
def test_an_array_of_another_kind_is_refused(optimized: Path, bad: NDArray[Any]) -> None:
    with (
        ev.load_model(optimized / "int8.tflite") as model,
        pytest.raises(UsageError, match=r"uint8 \(height, width, 3\)"),
    ):
        model(bad)


def test_bytes_that_are_no_picture_are_refused(optimized: Path) -> None:
    with (
        ev.load_model(optimized / "int8.tflite") as model,
        pytest.raises(ImageSetError, match="the image is damaged or not an image"),
    ):
        model(b"no picture")


def test_a_damaged_file_is_refused(optimized: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.tflite"
    shutil.copyfile(optimized / "int8.tflite", path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelError):
        ev.load_model(path)
