"""Models that are no softmax classifiers through `optimize`, `quantize` and `evaluate`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgevision.card.read import read_card
from edgevision.cli import run
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.predict import outputs_of, pixels_of
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray
from tests.conftest import CLASSES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NUMBERS = {"age": 1, "heads": 2, "mask": 1, "embedding": 1, "logits": 1, "unit": 1}
"""Models whose meaning nobody declares, and how many outputs each has."""


@dataclass(frozen=True)
class Optimized:
    folder: Path
    photos: Path
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return found

    @property
    def int8(self) -> dict[str, Any]:
        (found,) = [one for one in self.report["files"] if one["file"] == "int8.tflite"]
        return dict(found)

    def outputs(self, name: str) -> list[FloatArray]:
        """(images, ...) real values of each output, by the file's own card."""
        path = self.folder / name
        card = read_card(path)
        assert card is not None
        with Session(path) as session:
            pictures = pixels_of(open_image_set(self.photos), card.preprocessing)
            rows = [one for one, _ in outputs_of(session, card.preprocessing, pictures)]
        return [np.stack(each) for each in zip(*rows, strict=True)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """The photos held out, without classes."""
    folder = tmp_path_factory.mktemp("plain")
    for path in sorted((photos / "held-out").glob("*/*.png")):
        (folder / f"{path.parent.name}-{path.name}").symlink_to(path)
    return folder


def optimized(
    name: str,
    folder: Path,
    models: Path,
    evaluation: Path,
    capsys: pytest.CaptureFixture[str],
    *more: str,
) -> Optimized:
    words = ["optimize", str(models / f"{name}.keras"), "--int8", "--preprocess", "unit"]
    sets = ["--calibration", str(evaluation), "--eval", str(evaluation)]
    assert run([*words, *sets, "-o", str(folder), *more]) == 0
    out, err = capsys.readouterr()
    return Optimized(folder=folder, photos=evaluation, out=out, err=err)


@pytest.mark.parametrize("name", NUMBERS)
def test_what_nobody_declares_is_proven_as_numbers(
    name: str, tmp_path: Path, models: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = optimized(name, tmp_path / "out", models, plain, capsys)
    assert made.report["task"]["kind"] == "tensors"
    assert (made.int8["top1"], made.int8["evaluation"]) == (None, None)
    card = read_card(made.folder / "int8.tflite")
    assert card is not None
    assert (card.kind, card.labels) == ("tensors", ())
    assert card.figures.agreement is None
    metrics = made.int8["agreement"]["metrics"]
    ours, reference = made.outputs("int8.tflite"), made.outputs("float32.tflite")
    assert len(ours) == NUMBERS[name]
    ratios = [key for key in metrics if key.endswith(".sqnr_db")]
    assert len(ratios) == NUMBERS[name]
    for key, a, b in zip(ratios, ours, reference, strict=True):
        error = np.abs(a.astype(np.float64) - b)
        sqnr = 10 * np.log10(np.square(b, dtype=np.float64).sum() / np.square(error).sum())
        stem = key.removesuffix("sqnr_db")
        assert metrics[key]["value"] == pytest.approx(sqnr, abs=1e-4)
        assert metrics[f"{stem}mean_error"]["value"] == pytest.approx(error.mean(), rel=1e-4)
        assert metrics[f"{stem}max_error"]["value"] == pytest.approx(error.max(), rel=1e-4)
        assert {one.name: one.value for one in card.figures.metrics}[key] == metrics[key]["value"]
    assert "agrees" not in made.out
    assert "top-1" not in made.out
    assert not any(word in made.out + made.err for word in (*CLASSES, "class "))


def test_a_file_of_numbers_is_evaluated_as_numbers(
    tmp_path: Path, models: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = optimized("heads", tmp_path / "out", models, plain, capsys)
    words = ["evaluate", str(made.folder / "int8.tflite"), "--data", str(plain)]
    assert run([*words, "--against", str(made.folder / "float32.tflite"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["task"] == "tensors"
    found = document["against"]["agreement"]["metrics"]
    assert found["worst_sqnr_db"]["value"] == pytest.approx(
        made.int8["agreement"]["metrics"]["worst_sqnr_db"]["value"], abs=1e-6
    )
    assert run(words) == 2
    assert "nothing can be right or wrong" in capsys.readouterr().err


NAMES = {"heads": {"kind"}, "named": {"apple", "zebra"}, "age": {"age"}}


@pytest.mark.parametrize("name", NAMES)
def test_outputs_go_by_the_names_that_the_keras_model_gives_them(
    name: str, tmp_path: Path, models: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, outputs = optimized(name, tmp_path / "out", models, plain, capsys), NAMES[name]
    keys = made.int8["agreement"]["metrics"]
    assert outputs <= {key.removesuffix(".sqnr_db") for key in keys}
    assert all(f"{one}: SQNR" in made.out for one in outputs)
    *lines, _folder = made.out.splitlines()
    assert max(map(len, lines)) <= 80


def test_a_uint8_input_takes_pixels_in_both_files(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimize", str(models / "whole.keras"), "--int8", "-o", str(tmp_path / "out")]
    sets = ["--calibration", str(photos / "train"), "--eval", str(photos / "held-out")]
    assert run([*words, *sets, "--preprocess", "unit"]) == 5
    assert "'pixels' takes whole numbers (uint8)" in capsys.readouterr().err
    assert run([*words, *sets, "--preprocess", "raw"]) == 0
    out, err = capsys.readouterr()
    made = Optimized(folder=tmp_path / "out", photos=photos / "held-out", out=out, err=err)
    (ours,), (reference,) = made.outputs("int8.tflite"), made.outputs("float32.tflite")
    np.testing.assert_allclose(ours, reference, atol=0.02)
    square = ImagePreprocessing(width=16, height=16)
    first = next(pixels_of(open_image_set(made.photos), square))[0][None]
    for name, expected in (("int8", ours), ("float32", reference)):
        with Session(made.folder / f"{name}.tflite") as session:
            assert session.inputs[0].dtype == np.uint8
            np.testing.assert_allclose(session.run(first)[0], expected[:1], atol=1e-6)


def test_a_file_that_answers_all_images_alike_is_doubted(
    tmp_path: Path, models: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dark = tmp_path / "dark"
    dark.mkdir()
    for at in range(12):
        cv2.imwrite(str(dark / f"{at}.png"), np.full((16, 16, 3), at % 3, np.uint8))
    words = ["optimize", str(models / "age.keras"), "--int8", "--preprocess", "unit"]
    sets = ["--calibration", str(dark), "--eval", str(plain), "-o", str(tmp_path / "out")]
    assert run([*words, *sets]) == 0
    out, err = capsys.readouterr()
    assert "warning: int8.tflite: the errors of age (" in err
    made = Optimized(folder=tmp_path / "out", photos=plain, out=out, err=err)
    assert any("what tells the images apart" in one for one in made.report["warnings"])


def test_accuracy_without_labels_has_a_sentence_and_no_column(
    tmp_path: Path, models: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = optimized("colours", tmp_path / "out", models, plain, capsys)
    assert f"accuracy: not measured, {plain.name} has no labels" in made.out
    rows = [line.split() for line in made.out.splitlines() if ".tflite  " in line]
    assert rows
    assert not any("-" in row for row in rows)


def test_independent_sigmoids_of_class_folders_are_classes_and_are_not_scaled(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = optimized("tags", tmp_path / "out", models, photos / "held-out", capsys)
    assert made.report["task"]["kind"] == "classification"
    (ours,), (reference,) = made.outputs("int8.tflite"), made.outputs("float32.tflite")
    labels = np.repeat(np.arange(3), 8)
    against = made.int8["against_float"]
    assert made.int8["top1"]["value"] == (ours.argmax(1) == labels).mean()
    assert against["top1"][1]["value"] == (reference.argmax(1) == labels).mean()
    assert against["agreement"]["value"] == (ours.argmax(1) == reference.argmax(1)).mean()
    p, q = (one.astype(np.float64) for one in (reference, ours))
    divergence = (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).sum(1).mean()
    assert against["mean_kl"] == pytest.approx(divergence, rel=1e-3, abs=1e-7)
    card = read_card(made.folder / "int8.tflite")
    assert card is not None
    assert (card.labels, card.activation) == (CLASSES, "sigmoid")


def test_one_sigmoid_decides_between_two_class_folders(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two").mkdir()
    for name in CLASSES[:2]:
        (tmp_path / "two" / name).symlink_to(photos / "held-out" / name)
    made = optimized("unit", tmp_path / "out", models, tmp_path / "two", capsys)
    (ours,) = made.outputs("int8.tflite")
    labels = np.repeat(np.arange(2), 8)
    assert made.int8["top1"]["value"] == ((ours[:, 0] > 0.5) == labels).mean()
    card = read_card(made.folder / "int8.tflite")
    assert card is not None
    assert (card.kind, card.labels, card.activation) == (
        "classification",
        CLASSES[:2],
        "sigmoid",
    )


def test_labels_that_fit_nothing_are_said_and_a_declaration_is_heard(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held_out = photos / "held-out"
    made = optimized("logits", tmp_path / "a", models, held_out, capsys)
    assert made.report["task"]["kind"] == "tensors"
    assert "held-out has labels, and no accuracy is measured" in made.err
    told = optimized("logits", tmp_path / "b", models, held_out, capsys, "--task", "classification")
    assert told.report["task"] == {
        "kind": "classification",
        "reason": "it was declared so",
        "declared": True,
    }
    (ours,) = told.outputs("int8.tflite")
    assert told.int8["top1"]["value"] == (ours.argmax(1) == np.repeat(np.arange(3), 8)).mean()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            ("--min-agreement", "90"),
            "--min-agreement is a percentage, and the task tensors measures signal to",
        ),
        (
            ("--max-drop", "1"),
            "--max-drop needs answers that can be right or wrong, and the task tensors has",
        ),
        (("--task", "detection"), "are not boxes, classes, scores and a count"),
        (("--task", "poetry"), "unknown task 'poetry'"),
    ],
)
def test_what_numbers_cannot_be_held_to_is_refused_in_words(
    *,
    more: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    models: Path,
    plain: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["optimize", str(models / "age.keras"), "--preprocess", "unit", "-o", str(tmp_path)]
    assert run([*words, "--calibration", str(plain), *more]) in {2, 5}
    assert sentence in capsys.readouterr().err.replace("\n", " ")


def test_auto_preprocessing_of_numbers_is_refused_in_words(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimize", str(models / "logits.keras"), "--fp16", "-o", str(tmp_path / "out")]
    assert run([*words, "--eval", str(photos / "held-out"), "--preprocess", "auto"]) == 2
    assert "the task tensors has no class" in capsys.readouterr().err
