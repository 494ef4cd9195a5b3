import json
import re
from pathlib import Path

import numpy as np
import pytest

from edgevision.card.write import write_card
from edgevision.cli.commands.evaluate import evaluate
from edgevision.errors import ImageSetError, UsageError
from edgevision.tflite.serialize import serialize
from tests.card.conftest import CardOf, card_of, float_model, uint8_model
from tests.quantize.builder import Builder
from tests.tflite.models import LABELS, SIDE, classifier

__all__ = ["card_of", "float_model", "uint8_model"]


@pytest.fixture
def models(
    tmp_path: Path, float_model: bytes, uint8_model: bytes, card_of: CardOf
) -> tuple[Path, Path]:
    """(integer, float) files, packaged."""
    paths = tmp_path / "int8.tflite", tmp_path / "float32.tflite"
    for path, content in zip(paths, (uint8_model, float_model), strict=True):
        path.write_bytes(write_card(content, card_of(content)))
    return paths


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    colors = random.choice(np.array([0, 128, 255], np.uint8), (40, 1, 1, 3))
    images = colors.repeat(SIDE, axis=1).repeat(SIDE, axis=2)
    path = tmp_path / "photos.npz"
    np.savez(path, x=images, y=np.arange(40) % len(LABELS))
    return path


def test_marks_and_comparison_are_one_document(
    models: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(models[0], data=photos, against=models[1], as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["images"] == 40
    assert document["labels"] == list(LABELS)
    assert sum(cell["count"] for cell in document["confusion"]) == 40
    assert len({cell["answer"] for cell in document["confusion"]}) > 1
    assert (document["schema_version"], document["task"]) == (2, "classification")
    assert document["metrics"]["top1"]["count"] == 40
    assert document["headline"] == "top1"
    agreed = document["against"]["agreement"]["metrics"]
    assert agreed["agreement"]["value"] >= 0.9
    assert 0 <= agreed["mean_kl"]["value"] < 0.05
    assert document["against"]["paired"]["metric"] == "top1"


def test_text_fits_eighty_columns(
    models: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(models[0], data=photos, against=models[1])
    out = capsys.readouterr().out
    assert "agreement" in out
    # One unit in both places, the figure and the comparison.
    assert len(re.findall(r"^macro F1 +0\.\d{3}\b", out, re.MULTILINE)) == 2
    assert re.search(r"^macro F1 +0\.\d{3}, the other 0\.\d{3}$", out, re.MULTILINE)
    assert max(map(len, out.splitlines())) <= 80


def test_confusion_matrix_goes_to_csv(
    models: tuple[Path, Path], photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "confusion.csv"
    evaluate(models[0], data=photos, confusion=path)
    rows = [line.split(",") for line in path.read_text().splitlines()]
    assert rows[0] == ["label \\ answer", *LABELS]
    assert sum(int(cell) for row in rows[1:] for cell in row[1:]) == 40


def test_existing_csv_is_not_replaced(
    models: tuple[Path, Path], photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "confusion.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        evaluate(models[0], data=photos, confusion=path)
    assert path.read_text() == "mine"


def test_unlabelled_images_can_still_be_compared(
    models: tuple[Path, Path], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.npz"
    np.savez(bare, x=np.load(photos)["x"])
    with pytest.raises(ImageSetError, match="no labels"):
        evaluate(models[0], data=bare)
    evaluate(models[0], data=bare, against=models[1], as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert "metrics" not in document
    assert document["against"]["agreement"]["metrics"]["agreement"]["count"] == 40


def test_what_the_float_file_needs_told_does_not_reach_the_integers(
    models: tuple[Path, Path],
    photos: Path,
    float_model: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:
    models[1].write_bytes(float_model)
    evaluate(models[0], data=photos, against=models[1], mean="127.5", std="127.5", as_json=True)
    out, err = capsys.readouterr()
    agreed = json.loads(out)["against"]["agreement"]["metrics"]
    assert agreed["agreement"]["value"] >= 0.9
    assert "int8.tflite takes integers: its pixels are normalized as its card says" in err


def test_file_without_card_needs_a_declaration(tmp_path: Path, photos: Path) -> None:
    path = tmp_path / "bare.tflite"
    path.write_bytes(classifier("float32"))
    with pytest.raises(UsageError):
        evaluate(path, data=photos)
    evaluate(path, data=photos, preprocess="imagenet-tf", as_json=True)


def test_automatic_preprocessing_is_refused(models: tuple[Path, Path], photos: Path) -> None:
    with pytest.raises(UsageError, match="auto"):
        evaluate(models[0], data=photos, preprocess="auto")


def test_wrong_preprocessing_changes_the_marks(
    models: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(models[1], data=photos, as_json=True)
    evaluate(models[1], data=photos, preprocess="raw", as_json=True)
    right, wrong = capsys.readouterr().out.split("\n}\n", 1)
    assert json.loads(right + "}")["confusion"] != json.loads(wrong)["confusion"]


def age_and_box(path: Path, *, shift: float = 0.0) -> Path:
    """A model of two outputs without a card: one number, and four."""
    b = Builder((1, SIDE, SIDE, 3))
    x = b.mean(0)
    age = b.dense(x, np.full((1, 3), 10.0), np.full(1, 20.0 + shift))
    path.write_bytes(serialize(b.finish(age, b.dense(x, np.eye(4, 3), np.zeros(4)))))
    return path


def test_numbers_are_compared_as_numbers_and_nothing_is_called_a_class(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = age_and_box(tmp_path / "one.tflite", shift=0.1)
    other = age_and_box(tmp_path / "other.tflite")
    evaluate(one, data=photos, against=other, preprocess="unit")
    out = capsys.readouterr().out
    assert "worst SQNR" in out
    assert "mean error" in out
    assert "class" not in out
    assert "top-1" not in out
    assert max(map(len, out.splitlines())) <= 80
    evaluate(one, data=photos, against=other, preprocess="unit", as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["task"], document["labels"]) == ("tensors", [])
    assert document["against"]["agreement"]["headline"] == "worst_sqnr_db"
    assert document["against"]["ours"] is None


def test_numbers_without_another_model_to_compare_with_are_refused(
    tmp_path: Path, photos: Path
) -> None:
    model = age_and_box(tmp_path / "one.tflite")
    with pytest.raises(UsageError, match="no declared meaning") as found:
        evaluate(model, data=photos, preprocess="unit")
    assert "--against" in found.value.hint
    with pytest.raises(UsageError, match="has no confusion matrix"):
        evaluate(model, data=photos, preprocess="unit", confusion=tmp_path / "c.csv")


def test_a_declared_task_replaces_what_the_card_says(
    models: tuple[Path, Path], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(models[0], data=photos, against=models[1], task="tensors", as_json=True)
    assert json.loads(capsys.readouterr().out)["task"] == "tensors"
    with pytest.raises(UsageError, match="unknown task 'counting'"):
        evaluate(models[0], data=photos, task="counting")


def test_a_softmax_is_compared_with_the_logits_before_it(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    b = Builder((1, SIDE, SIDE, 3))
    logits = b.dense(b.mean(0), 3 * np.eye(5, 3), np.zeros(5))
    soft = b.softmax(logits)
    paths = tmp_path / "soft.tflite", tmp_path / "logits.tflite"
    for path, output in zip(paths, (soft, logits), strict=True):
        path.write_bytes(serialize(b.finish(output)))
    evaluate(paths[0], data=photos, against=paths[1], preprocess="unit", as_json=True)
    agreed = json.loads(capsys.readouterr().out)["against"]["agreement"]["metrics"]
    assert agreed["agreement"]["value"] == 1
    assert agreed["mean_kl"]["value"] == pytest.approx(0, abs=1e-5)
