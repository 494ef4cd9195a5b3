"""The card of a converted file: what was declared and what is known, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgevision.card.card import Card
from edgevision.card.read import read_card
from edgevision.card.write import remove_card
from edgevision.convert.card import with_card
from edgevision.convert.job import Conversion
from edgevision.errors import ModelError, UsageError
from edgevision.keras_model.archive import digest_of
from edgevision.preprocess.declared import Preprocessing
from edgevision.serialization.decode import from_plain
from edgevision.tasks.spec import TaskSpec
from tests.convert.conftest import Gallery

UNIT = Preprocessing(preset="unit")


def card_of(
    gallery: Gallery,
    name: str,
    folder: Path,
    labels: tuple[str, ...] = (),
    task: TaskSpec | None = None,
    **changes: object,
) -> Card:
    conversion = from_plain(Conversion, gallery.converted(name), where="the conversion")
    content = gallery.tflite(name).read_bytes()
    path = folder / "with_card.tflite"
    path.write_bytes(
        with_card(
            content,
            conversion,
            source=gallery.model(name),
            declared=replace(UNIT, **changes),  # type: ignore[arg-type]
            labels=labels,
            task=task,
        )
    )
    assert remove_card(path.read_bytes()) == content
    card = read_card(path)
    assert card is not None
    return card


def test_a_card_says_how_photos_become_the_input_and_where_the_file_came_from(
    gallery: Gallery, tmp_path: Path
) -> None:
    names = tuple(f"digit {number}" for number in range(10))
    card = card_of(gallery, "cnn", tmp_path, names, fit="letterbox")
    preprocessing = card.preprocessing
    assert (preprocessing.width, preprocessing.height, preprocessing.color) == (28, 28, "gray")
    assert (preprocessing.fit, preprocessing.std) == ("letterbox", (255.0,))
    assert (card.kind, card.labels, card.activation) == ("classification", names, "softmax")
    assert card.precision == "float32"
    assert card.provenance.source_name == "cnn.keras"
    assert card.provenance.source_sha256 == digest_of(gallery.model("cnn"))
    assert dict(card.provenance.tools).keys() == {"tensorflow", "keras", "edgevision", "numpy"}


@pytest.mark.parametrize(
    ("name", "labels", "kind"),
    [
        ("cnn", (), "classification"),
        ("depthwise_residual", (), "tensors"),
        ("depthwise_residual", tuple("abcde"), "classification"),
        ("augmented", (), "tensors"),
    ],
)
def test_only_a_softmax_or_names_make_a_vector_classes(
    gallery: Gallery, tmp_path: Path, name: str, labels: tuple[str, ...], kind: str
) -> None:
    assert card_of(gallery, name, tmp_path, labels).kind == kind


def test_a_declared_task_goes_before_what_the_file_tells(gallery: Gallery, tmp_path: Path) -> None:
    declared = TaskSpec(kind="classification")
    card = card_of(gallery, "depthwise_residual", tmp_path, task=declared)
    assert (card.kind, card.activation) == ("classification", "logits")
    assert card_of(gallery, "cnn", tmp_path, task=TaskSpec(kind="tensors")).kind == "tensors"


def test_as_many_labels_as_classes_are_wanted(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="2 labels for 10 classes"):
        card_of(gallery, "cnn", tmp_path, ("cat", "dog"))


def test_preprocessing_for_a_model_of_two_inputs_is_refused_by_their_names(
    gallery: Gallery, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"left \[1, 16, 16, 3\], right \[1, 8\]"):
        card_of(gallery, "two_in_two_out", tmp_path)


def test_preprocessing_that_does_not_fit_the_channels_is_refused(
    gallery: Gallery, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="color bgr"):
        card_of(gallery, "cnn", tmp_path, color="bgr")


def test_fractions_for_an_input_of_whole_numbers_are_refused(gallery: Gallery) -> None:
    conversion = from_plain(Conversion, gallery.converted("cnn"), where="the conversion")
    (image,) = conversion.inputs
    with pytest.raises(ModelError, match="takes whole numbers .uint8."):
        with_card(
            gallery.tflite("cnn").read_bytes(),
            replace(conversion, inputs=(replace(image, dtype="uint8"),)),
            source=gallery.model("cnn"),
            declared=UNIT,
            labels=(),
        )


def test_the_digest_of_a_folder_is_over_names_and_content(tmp_path: Path) -> None:
    def saved(folder: str, name: str, content: str) -> str:
        (tmp_path / folder / "variables").mkdir(parents=True)
        (tmp_path / folder / "variables" / name).write_text(content)
        return digest_of(tmp_path / folder)

    one, same = saved("one", "a", "x"), saved("same", "a", "x")
    assert one == same
    assert len({one, saved("renamed", "b", "x"), saved("changed", "a", "y")}) == 3
