from pathlib import Path

import numpy as np
import pytest

from edgevision.camera.model_choice import camera_model, find_model, read_labels
from edgevision.errors import ImageSetError, ModelError, UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"")


def test_the_only_model_in_the_folder_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "a.tflite", "labels.txt")
    assert find_model(tmp_path).name == "a.tflite"


def test_several_models_are_not_chosen_from(tmp_path: Path) -> None:
    touch(tmp_path, "a.tflite", "b.tflite")
    with pytest.raises(UsageError, match="holds 2 models"):
        find_model(tmp_path)


def test_no_model_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \.tflite"):
        find_model(tmp_path)


@pytest.mark.parametrize("text", ['model = "b.tflite"', '[camera]\nmodel = "b.tflite"'])
def test_settings_name_the_model(tmp_path: Path, text: str) -> None:
    touch(tmp_path, "a.tflite", "b.tflite")
    (tmp_path / "edgevision.toml").write_text(text)
    assert find_model(tmp_path).name == "b.tflite"


@pytest.mark.parametrize("text", ['model = "missing.tflite"', "model = 5", "model = "])
def test_wrong_settings_are_told(tmp_path: Path, text: str) -> None:
    touch(tmp_path, "a.tflite")
    (tmp_path / "edgevision.toml").write_text(text)
    with pytest.raises(UsageError, match=r"edgevision\.toml"):
        find_model(tmp_path)


def test_settings_about_something_else_do_not_matter(tmp_path: Path) -> None:
    touch(tmp_path, "a.tflite")
    (tmp_path / "edgevision.toml").write_text("[bench]\nrounds = 3")
    assert find_model(tmp_path).name == "a.tflite"


def test_labels_are_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("\ufeffcat\n  dog \n\nbird\n\n", encoding="utf-8")
    assert read_labels(path) == ("cat", "dog", "", "bird")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_unreadable_labels_are_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "labels.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageSetError, match="cannot read the labels"):
        read_labels(path)


def test_uint8_model_without_a_card_takes_pixels_as_they_are(shared: Path) -> None:
    path = shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite"
    choice = camera_model(path)
    with Session(path) as session:
        assert InputEncoder(session.inputs[0], choice.preprocessing).takes_pixels
    assert (choice.preprocessing.width, choice.preprocessing.fit) == (300, "stretch")
    assert choice.activation is None


def test_int8_model_without_a_card_is_not_guessed(shared: Path) -> None:
    path = shared / "models" / "mlperf_vww_96_int8_ref.tflite"
    with pytest.raises(ModelError, match="int8 input") as caught:
        camera_model(path)
    assert "--preprocess raw|unit" in caught.value.hint
    choice = camera_model(path, preset="unit", fit="center-crop")
    assert choice.preprocessing == ImagePreprocessing(
        width=96, height=96, fit="center-crop", std=(255.0,)
    )


def test_card_in_the_file_supplies_preprocessing_and_labels(shared: Path, tmp_path: Path) -> None:
    from edgevision.card.card import Card
    from edgevision.card.write import write_card
    from edgevision.tflite.interface import TensorInterface

    preprocessing = ImagePreprocessing(
        width=32, height=32, fit="center-crop", crop_fraction=0.875, mean=(127.5,), std=(127.5,)
    )
    labels = tuple(f"thing {number}" for number in range(10))
    plain = shared / "models" / "mlperf_resnet8_cifar10_int8_ref.tflite"
    with Session(plain) as session:
        inputs, outputs = (
            tuple(
                TensorInterface(
                    name=spec.name,
                    shape=spec.shape,
                    dtype=spec.dtype.name,
                    scale=spec.quantization.scale if spec.quantization else None,
                    zero_point=spec.quantization.zero_point if spec.quantization else None,
                )
                for spec in specs
            )
            for specs in (session.inputs, session.outputs)
        )
    card = Card(
        kind="classification",
        name="cifar",
        preprocessing=preprocessing,
        labels=labels,
        activation="softmax",
        precision="int8",
        inputs=inputs,
        outputs=outputs,
    )
    path = tmp_path / "cifar.tflite"
    path.write_bytes(write_card(plain.read_bytes(), card))
    choice = camera_model(path)
    assert (choice.preprocessing, choice.labels, choice.activation) == (
        preprocessing,
        labels,
        "softmax",
    )
    assert camera_model(path, fit="letterbox").preprocessing.crop_fraction == 1.0
    assert np.isclose(camera_model(path, preset="unit").preprocessing.std[0], 255)
