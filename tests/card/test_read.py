import dataclasses
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgevision.card.model_io import model_io_of
from edgevision.card.read import find_card, read_card
from edgevision.card.standard_metadata import ENTRY
from edgevision.card.standard_metadata_writer import build_metadata
from edgevision.card.write import write_card, write_card_file
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.envelope.associated import append_files, read_file
from edgevision.tflite.envelope.metadata import wrap
from edgevision.tflite.serialize import serialize
from tests.card.conftest import CardOf
from tests.quantize.builder import Builder
from tests.tflite.models import LABELS, classifier


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.tflite"


def test_card_inside_is_found(path: Path, uint8_model: bytes, card_of: CardOf) -> None:
    path.write_bytes(write_card(uint8_model, card_of(uint8_model)))
    found = find_card(path)
    assert found is not None
    assert (found.origin, found.card, found.differences) == ("embedded", card_of(uint8_model), ())


def test_file_without_anything_has_no_card(path: Path, float_model: bytes) -> None:
    path.write_bytes(float_model)
    assert read_card(path) is None


def test_card_beside_is_found_when_it_belongs_to_the_file(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(float_model)
    write_card_file(path, card_of(float_model))
    found = find_card(path)
    assert found is not None
    assert (found.origin, found.card) == ("beside", card_of(float_model))


def test_each_file_of_a_folder_has_its_own_card(
    tmp_path: Path, float_model: bytes, uint8_model: bytes, card_of: CardOf
) -> None:
    for name, content in (("float32", float_model), ("int8", uint8_model)):
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        write_card_file(path, card_of(content))
    assert {path.name for path in tmp_path.glob("*.json")} == {
        "float32.card.json",
        "int8.card.json",
    }
    assert read_card(tmp_path / "float32.tflite") == card_of(float_model)
    assert read_card(tmp_path / "int8.tflite") == card_of(uint8_model)


def test_the_card_that_earlier_versions_wrote_for_a_folder_is_read(
    path: Path, float_model: bytes, uint8_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(float_model)
    write_card_file(path, card_of(float_model)).rename(path.with_name("model.json"))
    other = path.with_name("other.tflite")
    other.write_bytes(uint8_model)
    assert read_card(path) == card_of(float_model)
    # It was the card of the last recipe's file, and never of the others.
    assert read_card(other) is None


def test_an_earlier_card_does_not_stand_before_the_files_own(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(float_model)
    own = card_of(float_model)
    earlier = write_card_file(path, replace(own, name="earlier")).rename(
        path.with_name("model.json")
    )
    write_card_file(path, own)
    assert earlier.exists()
    assert read_card(path) == own


def test_card_of_another_file_in_the_folder_is_not_used(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(float_model)
    write_card_file(path, card_of(float_model))
    path.write_bytes(classifier("float32", seed=1))
    assert read_card(path) is None


def test_file_changed_since_it_was_packaged_is_told(
    path: Path, float_model: bytes, uint8_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(write_card(float_model, card_of(uint8_model)))
    found = find_card(path)
    assert found is not None
    assert "input 0 has dtype float32, the card says uint8" in found.differences
    assert "precision is float32, the card says int8" in found.differences


def test_damaged_card_is_a_model_error(path: Path, float_model: bytes) -> None:
    path.write_bytes(wrap(float_model, {"EDGEVISION_CARD": b"{}"}))
    with pytest.raises(ModelError, match="schema_version"):
        read_card(path)


def stranger(content: bytes, card_of: CardOf, labels: bytes = b"") -> bytes:
    """`content` as another tool would have packaged it: standard metadata alone."""
    files = {"labels.txt": labels} if labels else {}
    return append_files(wrap(content, {ENTRY: build_metadata(card_of(content))}), files)


def test_float_file_of_a_stranger_is_read_from_standard_metadata(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(stranger(float_model, card_of, "\r\n".join((*LABELS, "")).encode()))
    found = find_card(path)
    assert found is not None
    assert found.origin == "TFLite Metadata"
    assert found.card == dataclasses.replace(
        card_of(float_model), task=TaskSpec(kind="classification", labels=LABELS)
    )


def test_uint8_file_of_a_stranger_takes_pixels_as_they_are(
    path: Path, uint8_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(stranger(uint8_model, card_of))
    card = read_card(path)
    assert card is not None
    with Session(path) as session:
        assert InputEncoder(session.inputs[0], card.preprocessing).takes_pixels


def test_the_label_of_a_masks_channel_does_not_make_a_classifier(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    b = Builder((1, 8, 8, 3))
    mask = serialize(b.finish(b.conv(0, np.ones((1, 3, 3, 3)), None)))
    described = wrap(mask, {ENTRY: build_metadata(card_of(float_model))})
    path.write_bytes(append_files(described, {"labels.txt": b"person\n"}))
    card = read_card(path)
    assert card is not None
    assert (card.task, card.labels) == (None, ())


def test_label_list_of_another_length_is_left_out(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    path.write_bytes(stranger(float_model, card_of, b"one\ntwo\n"))
    card = read_card(path)
    assert card is not None
    assert card.labels == ()


def test_float_file_without_normalization_stays_undeclared(path: Path, float_model: bytes) -> None:
    path.write_bytes(wrap(float_model, {ENTRY: b"\x0c\0\0\0M001\x04\0\x04\0\x04\0\0\0"}))
    assert read_card(path) is None


def test_metadata_that_is_none_is_a_model_error(path: Path, float_model: bytes) -> None:
    path.write_bytes(wrap(float_model, {ENTRY: b"nonsense"}))
    with pytest.raises(ModelError, match="TFLITE_METADATA"):
        read_card(path)


def test_absent_associated_file_is_none(float_model: bytes) -> None:
    assert read_file(append_files(float_model, {"a": b"x"}), "b") is None
    assert read_file(float_model, "a") is None


def test_usage_comes_from_the_card(path: Path, float_model: bytes, card_of: CardOf) -> None:
    path.write_bytes(write_card(float_model, card_of(float_model)))
    usage = model_io_of(path)
    assert (usage.preprocessing, usage.labels) == (card_of(float_model).preprocessing, LABELS)


def test_declared_preset_replaces_the_card(path: Path, float_model: bytes, card_of: CardOf) -> None:
    path.write_bytes(write_card(float_model, card_of(float_model)))
    usage = model_io_of(path, Preprocessing(preset="unit"))
    assert usage.preprocessing == ImagePreprocessing(width=32, height=32, std=(255.0,))
    assert usage.labels == LABELS


def test_one_value_said_replaces_that_value_of_the_card(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    card = card_of(float_model)
    path.write_bytes(write_card(float_model, card))
    usage = model_io_of(path, Preprocessing(fit="letterbox"))
    assert usage.preprocessing == dataclasses.replace(card.preprocessing, fit="letterbox")


def test_the_normalization_of_a_quantized_input_stays(
    path: Path, uint8_model: bytes, card_of: CardOf
) -> None:
    card = card_of(uint8_model)
    path.write_bytes(write_card(uint8_model, card))
    usage = model_io_of(path, Preprocessing(preset="imagenet-caffe", fit="letterbox"))
    assert usage.preprocessing == dataclasses.replace(card.preprocessing, fit="letterbox")
    assert usage.note == "m.tflite takes integers: its pixels are normalized as its card says"
    assert not model_io_of(path, Preprocessing(fit="letterbox")).note
    path.write_bytes(uint8_model)
    assert model_io_of(path, Preprocessing(preset="unit")).preprocessing.std == (255.0,)


def test_what_stands_in_for_a_card_never_replaces_one(
    path: Path, float_model: bytes, card_of: CardOf
) -> None:
    stand_in = Preprocessing(preset="unit", fit="letterbox")
    path.write_bytes(float_model)
    preprocessing = model_io_of(path, without_card=stand_in).preprocessing
    assert preprocessing == ImagePreprocessing(width=32, height=32, std=(255.0,), fit="letterbox")
    assert model_io_of(
        path, Preprocessing(fit="stretch"), without_card=stand_in
    ).preprocessing == ImagePreprocessing(width=32, height=32, std=(255.0,))
    card = card_of(float_model)
    path.write_bytes(write_card(float_model, card))
    assert model_io_of(path, without_card=stand_in).preprocessing == card.preprocessing


def test_without_card_or_preset_the_presets_are_listed(path: Path, float_model: bytes) -> None:
    path.write_bytes(float_model)
    with pytest.raises(UsageError) as caught:
        model_io_of(path)
    assert path.name in str(caught.value)
    assert "imagenet-torch" in caught.value.hint


def test_damaged_card_does_not_stop_who_says_how(path: Path, float_model: bytes) -> None:
    path.write_bytes(wrap(float_model, {"EDGEVISION_CARD": b"{}"}))
    assert model_io_of(path, Preprocessing(preset="raw")).labels == ()


def test_reading_needs_no_package_at_all() -> None:
    # 32-bit Raspberry Pi OS has no ai-edge-litert, and so no flatbuffers.
    code = (
        "import sys, edgevision.card.model_io, edgevision.tflite.facts\n"
        "print(*{'numpy', 'flatbuffers', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
