import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgevision.camera.loop.predictor import TflitePredictor
from edgevision.camera.loop.tensor_input import TensorInput
from edgevision.camera.model import AnswerRequest, find_model, read_labels, resolve_model
from edgevision.camera.sources.frame import Frame
from edgevision.card.card import Card
from edgevision.card.model_io import model_io_of
from edgevision.card.write import write_card
from edgevision.errors import ImageSetError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.facts import interface_of
from edgevision.tflite.read import read_model
from tests.card.conftest import CardOf, card_of, float_model
from tests.tflite.models import LABELS, SIDE, Graph

__all__ = ["card_of", "float_model"]


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
    model = resolve_model(path)
    with Session(path) as session:
        assert InputEncoder(session.inputs[0], model.preprocessing).takes_pixels
    assert (model.preprocessing.width, model.preprocessing.fit) == (300, "stretch")
    assert (model.task.spec.kind, model.notes) == ("detection", ())


def test_uint8_input_with_a_widened_range_takes_pixels_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "uint8", None, scale=256 / 255)
    with Session(path) as session:
        assert InputEncoder(session.inputs[0], resolve_model(path).preprocessing).takes_pixels


def test_int8_model_without_a_card_is_not_guessed(shared: Path) -> None:
    path = shared / "models" / "mlperf_vww_96_int8_ref.tflite"
    with pytest.raises(UsageError, match="wants its pixels is not known") as caught:
        resolve_model(path)
    assert "--preprocess raw | unit" in caught.value.hint
    model = resolve_model(path, declared=Preprocessing(preset="unit", fit="center-crop"))
    assert model.preprocessing == ImagePreprocessing(
        width=96, height=96, fit="center-crop", std=(255.0,)
    )


def test_card_in_the_file_supplies_preprocessing_and_labels(
    tmp_path: Path, float_model: bytes, card_of: CardOf
) -> None:
    card = card_of(float_model)
    path = tmp_path / "m.tflite"
    path.write_bytes(write_card(float_model, card))
    model = resolve_model(path)
    assert (model.preprocessing, model.notes) == (card.preprocessing, ())
    assert model.task.spec.kind == "classification"
    assert model.task.spec.labels == LABELS
    names = tmp_path / "labels.txt"
    names.write_text("a\nb\nc\nd\ne\n")
    assert resolve_model(path, labels=names).task.spec.labels == tuple("abcde")


def test_another_fit_leaves_the_crop_of_the_card_out(tmp_path: Path) -> None:
    cropped = ImagePreprocessing(
        width=SIDE, height=SIDE, fit="center-crop", crop_fraction=0.875, std=(255.0,)
    )
    model = resolve_model(
        written(tmp_path, "float32", cropped), declared=Preprocessing(fit="letterbox")
    )
    assert model.preprocessing == ImagePreprocessing(
        width=SIDE, height=SIDE, fit="letterbox", std=(255.0,)
    )


SCALAR = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(127.5,))
PER_CHANNEL = ImagePreprocessing(
    width=SIDE, height=SIDE, color="bgr", mean=(104.0, 117.0, 124.0), std=(57.0, 58.0, 59.0)
)
DECLARED = Preprocessing(preset="imagenet-torch", fit="letterbox")


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
@pytest.mark.parametrize("of_card", [SCALAR, PER_CHANNEL, None])
@pytest.mark.parametrize("declared", [Preprocessing(), DECLARED])
def test_the_camera_s_tensor_is_what_every_other_command_feeds(
    tmp_path: Path, dtype: Literal["float32", "uint8", "int8"], of_card: Any, declared: Any
) -> None:
    path = written(tmp_path, dtype, of_card)
    if of_card is None and declared != DECLARED:
        declared = Preprocessing(mean=(1.0, 2.0, 3.0), std=(50.0, 60.0, 70.0))
    expected = declared.over(Preprocessing(preset="raw")).preprocessing(
        width=SIDE, height=SIDE, channels=3
    )
    if of_card is not None:
        keeps = dtype != "float32" or declared != DECLARED
        expected = replace(of_card, fit=declared.fit or of_card.fit) if keeps else expected
    rgb = np.random.default_rng(7).integers(0, 256, (40, 70, 3), dtype=np.uint8)
    frame = Frame(sequence=0, captured_ns=0, data=rgb, layout="rgb")
    model = resolve_model(path, declared=declared)
    assert model.preprocessing == expected == model_io_of(path, declared).preprocessing
    is_replaced = of_card is not None and dtype != "float32" and declared == DECLARED
    assert any("takes integers" in note for note in model.notes) == is_replaced
    with Session(path) as session:
        TensorInput(session, model.preprocessing).write(frame)
        written_by_camera = session.view(session.inputs[0]).copy()
        fed = InputEncoder(session.inputs[0], expected)(to_pixels(rgb, expected))
    assert written_by_camera.dtype == fed.dtype
    assert written_by_camera.tobytes() == fed.tobytes()


def regressor(path: Path, card: Card | None = None) -> Path:
    """An image in, one raw number out: an age."""
    graph = Graph()
    image = graph.tensor("image", (1, SIDE, SIDE, 3), "float32")
    weights = graph.tensor(
        "weights", (1, SIDE * SIDE * 3), "float32",
        data=np.full((1, SIDE * SIDE * 3), 1 / (SIDE * SIDE * 3), np.float32),
    )  # fmt: skip
    bias = graph.tensor("bias", (1,), "float32", data=np.array([20], np.float32))
    age = graph.operator(
        "FULLY_CONNECTED",
        [image, weights, bias],
        graph.tensor("age", (1, 1), "float32"),
        options=(schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT()),
    )
    content = graph.finish([image], [age])
    path.write_bytes(content if card is None else write_card(content, card))
    return path


@pytest.mark.parametrize("has_card", [False, True])
def test_number_without_a_meaning_is_reported_as_a_number(tmp_path: Path, has_card: bool) -> None:
    path = regressor(tmp_path / "age.tflite")
    if has_card:
        inputs, outputs = interface_of(read_model(path))
        preprocessing = ImagePreprocessing(width=SIDE, height=SIDE)
        card = Card(
            name="age",
            preprocessing=preprocessing,
            precision="float32",
            inputs=inputs,
            outputs=outputs,
        )
        regressor(path, card)
    model = resolve_model(path, declared=Preprocessing(preset="raw"))
    assert model.task.spec.kind == "tensors"
    (note,) = model.notes
    assert note.startswith("age.tflite: nothing says what its one number means; ")
    frame = Frame(sequence=0, captured_ns=0, data=np.full((9, 9, 3), 17, np.uint8), layout="rgb")
    predictor = TflitePredictor(
        Session(path), model.preprocessing, task=model.task, steering=model.steering
    )
    with contextlib.closing(predictor):
        decoded = predictor.predict(frame).decode(FrameSize(width=9, height=9))
    assert decoded.items == ()
    assert decoded.answer.lines == ("age 37",)
    (output,) = decoded.answer.to_dict()["outputs"]
    assert (output["name"], output["shape"]) == ("age", [1])
    assert output["values"] == pytest.approx([37], abs=0.001)


def test_names_or_a_declared_task_give_a_number_its_meaning(tmp_path: Path) -> None:
    path = regressor(tmp_path / "cat.tflite")
    raw = Preprocessing(preset="raw")
    assert resolve_model(path, task="classification", declared=raw).notes == ()
    names = tmp_path / "labels.txt"
    names.write_text("cat")
    assert resolve_model(path, labels=names, declared=raw).task.spec.kind == "classification"
    names.write_text("a\nb\nc\nd")
    *_, note = resolve_model(path, labels=names, declared=raw).notes
    assert note == (
        f"the 4 labels of {names} are not used: cat.tflite is for tensors; "
        "--task classification or multilabel takes its numbers for scores"
    )


def test_threshold_and_top_k_reach_the_task_and_hysteresis_sees_lower_scores(
    tmp_path: Path, float_model: bytes, card_of: CardOf
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(write_card(float_model, card_of(float_model)))
    model = resolve_model(path, answers=AnswerRequest(top_k=3, threshold=0.6, off=0.2))
    assert dict(model.task.spec.options) == {"top_k": 3, "threshold": 0.6}
    assert dict(model.steering.spec.options) == {"top_k": 3, "threshold": 0.2}
    usual = resolve_model(path, answers=AnswerRequest(threshold=0.1, off=0.4))
    assert usual.steering is usual.task


def written(
    folder: Path,
    dtype: Literal["float32", "uint8", "int8"],
    of_card: ImagePreprocessing | None,
    *,
    scale: float = 0.02,
) -> Path:
    """A file that takes an image of this type, with a card where it has a preprocessing."""
    graph = Graph()
    shape = (1, SIDE, SIDE, 3)
    if dtype == "float32":
        image, operator = graph.tensor("image", shape, dtype), "LOGISTIC"
    else:
        zero_point = 0 if dtype == "int8" else 120
        image, operator = graph.tensor("image", shape, dtype, [scale], zero_point), "DEQUANTIZE"
    real = graph.operator(operator, [image], graph.tensor("real", shape, "float32"))
    row = (1, SIDE * SIDE * 3)
    sides = graph.tensor("sides", (2,), "int32", data=np.array(row, np.int32))
    flat = graph.operator("RESHAPE", [real, sides], graph.tensor("flat", row, "float32"))
    content = graph.finish([image], [flat])
    if of_card is not None:
        model = read_model(content)
        inputs, outputs = interface_of(model)
        card = Card(
            name="m",
            preprocessing=of_card,
            task=TaskSpec(
                kind="classification",
                activations=("sigmoid" if dtype == "float32" else "logits",),
            ),
            precision=precision_of(model),
            inputs=inputs,
            outputs=outputs,
        )
        content = write_card(content, card)
    path = folder / "m.tflite"
    path.write_bytes(content)
    return path
