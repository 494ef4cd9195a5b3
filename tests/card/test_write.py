import io
import json
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgevision.card.card import CARD_ENTRY, Card
from edgevision.card.json_form import card_from_plain, parse_card_json
from edgevision.card.standard_metadata import ENTRY, read_metadata
from edgevision.card.write import remove_card, write_card, write_card_file
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.session import Session
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.envelope.metadata import unwrap, wrap
from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model
from tests.card.conftest import CardOf
from tests.tflite.models import LABELS, classifier, pack, unpack


def packaged(content: bytes, card_of: CardOf) -> bytes:
    return write_card(content, card_of(content))


def test_card_is_inside_the_file(float_model: bytes, card_of: CardOf) -> None:
    written = packaged(float_model, card_of)
    entry = read_model(written).metadata[CARD_ENTRY]
    assert card_from_plain(parse_card_json(entry, "card")) == card_of(float_model)


@pytest.mark.parametrize("build", ["float32", "uint8", "dynamic", "fp16"])
def test_packaged_model_answers_exactly_as_before(build: str, card_of: CardOf) -> None:
    content = classifier(build)  # type: ignore[arg-type] # the parameters above
    with Session(content) as before, Session(packaged(content, card_of)) as after:
        spec = before.inputs[0]
        image = np.random.default_rng(0).integers(0, 200, spec.shape).astype(spec.dtype)
        assert (before.run(image)[0] == after.run(image)[0]).all()


def test_packaging_changes_no_fact(uint8_model: bytes, card_of: CardOf) -> None:
    before, after = (
        facts_of(read_model(content)) for content in (uint8_model, packaged(uint8_model, card_of))
    )
    assert after.operators == before.operators
    assert (after.inputs, after.outputs, after.weight_bytes) == (
        before.inputs,
        before.outputs,
        before.weight_bytes,
    )


def test_card_can_be_taken_out_again(uint8_model: bytes, card_of: CardOf) -> None:
    written = packaged(uint8_model, card_of)
    assert written != uint8_model
    assert remove_card(written) == uint8_model


def test_file_without_a_card_is_left_alone(float_model: bytes) -> None:
    assert remove_card(float_model) == float_model


def test_packaging_twice_is_packaging_once(float_model: bytes, card_of: CardOf) -> None:
    card = card_of(float_model)
    once = write_card(float_model, card)
    assert write_card(once, card) == once


def test_old_weights_keep_their_alignment(float_model: bytes, card_of: CardOf) -> None:
    weights = struct.pack("<f", 1.25) * 64
    plain = unpack(float_model)
    plain.buffers[1].data = np.frombuffer(weights, np.uint8)
    plain.subgraphs[0].tensors[1].shape = [64]
    content = pack(plain)
    front = packaged(content, card_of).index(weights) - content.index(weights)
    assert front % 64 == 0


def test_labels_are_an_associated_file(float_model: bytes, card_of: CardOf) -> None:
    written = packaged(float_model, card_of)
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        info = archive.getinfo("labels.txt")
        # MediaPipe and the Task Library read nothing that is compressed.
        assert info.compress_type == zipfile.ZIP_STORED
        assert archive.read(info).decode().splitlines() == list(LABELS)


def test_standard_metadata_says_what_the_card_says(float_model: bytes, card_of: CardOf) -> None:
    standard = read_metadata(read_model(packaged(float_model, card_of)).metadata[ENTRY])
    assert (standard.name, standard.color_space) == ("small", 1)
    assert (standard.mean, standard.std) == ((127.5,), (127.5,))
    assert standard.label_files == ("labels.txt",)


def card_with(preprocessing: ImagePreprocessing, like: Card) -> Card:
    return Card(
        name=like.name,
        preprocessing=preprocessing,
        precision=like.precision,
        inputs=like.inputs,
        outputs=like.outputs,
    )


def test_per_channel_normalization_is_written_for_each_channel(
    float_model: bytes, card_of: CardOf
) -> None:
    preprocessing = ImagePreprocessing(width=32, height=32, mean=(1.0, 2.0, 3.0), std=(4.0,))
    written = write_card(float_model, card_with(preprocessing, card_of(float_model)))
    standard = read_metadata(read_model(written).metadata[ENTRY])
    assert (standard.mean, standard.std) == ((1.0, 2.0, 3.0), (4.0, 4.0, 4.0))
    assert standard.label_files == ()


def test_bgr_is_not_called_rgb(float_model: bytes, card_of: CardOf) -> None:
    preprocessing = ImagePreprocessing(width=32, height=32, color="bgr")
    written = write_card(float_model, card_with(preprocessing, card_of(float_model)))
    assert read_metadata(read_model(written).metadata[ENTRY]).color_space == 0


def with_weights_outside(content: bytes) -> bytes:
    """The model with the content of its largest buffer behind the flatbuffer."""
    model = unpack(content)
    largest = max(model.buffers, key=lambda buffer: 0 if buffer.data is None else len(buffer.data))
    weights: bytes = largest.data.tobytes()
    # Any offset but 0 and 1 is stored, and all take the same room: pack once to learn the length.
    largest.data, largest.offset, largest.size = None, 2, len(weights)
    largest.offset = len(_padded(pack(model)))
    return _padded(pack(model)) + weights


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 16)


def test_content_kept_outside_the_flatbuffer_moves_along(
    float_model: bytes, card_of: CardOf
) -> None:
    content = with_weights_outside(float_model)
    written = packaged(content, card_of)
    stored = [tensor.data for tensor in read_model(float_model).tensors]
    assert [tensor.data for tensor in read_model(content).tensors] == stored
    assert [tensor.data for tensor in read_model(written).tensors] == stored
    assert remove_card(written) == content
    with Session(float_model) as before, Session(written) as after:
        image = np.zeros(before.inputs[0].shape, np.float32)
        assert (before.run(image)[0] == after.run(image)[0]).all()


def test_file_rewritten_by_another_tool_is_packaged_afresh(
    float_model: bytes, card_of: CardOf
) -> None:
    rewritten = pack(unpack(packaged(float_model, card_of)))
    again = packaged(rewritten, card_of)
    entry = read_model(again).metadata[CARD_ENTRY]
    assert card_from_plain(parse_card_json(entry, "card")) == card_of(float_model)
    assert facts_of(read_model(again)).operators == facts_of(read_model(float_model)).operators


def test_entries_of_other_tools_are_kept(float_model: bytes) -> None:
    once = wrap(float_model, {"theirs": b"data"})
    model = unpack(once)
    theirs = wrap(pack(model), {"ours": b"x"})
    metadata = read_model(theirs).metadata
    assert (metadata["theirs"], metadata["ours"]) == (b"data", b"x")


def test_bytes_that_only_look_like_an_archive_are_not_cut_off(float_model: bytes) -> None:
    fake_end = b"PK\x05\x06" + bytes(18)
    assert unwrap(float_model + fake_end) == float_model + fake_end


def test_what_is_no_model_is_refused(float_model: bytes, card_of: CardOf) -> None:
    with pytest.raises(ModelError):
        write_card(b"TFL3", card_of(float_model))


def test_card_file_names_its_model(tmp_path: Path, float_model: bytes, card_of: CardOf) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(float_model)
    path = write_card_file(model, card_of(float_model))
    values = json.loads(path.read_bytes())
    assert (path.name, values["file"]["name"]) == ("m.card.json", "m.tflite")
    assert values["file"]["size_bytes"] == len(float_model)
    assert card_from_plain(values) == card_of(float_model)
    with pytest.raises(UsageError, match="exists"):
        write_card_file(model, card_of(float_model))


def test_two_labels_of_one_sigmoid_stay_out_of_the_standard_metadata(
    float_model: bytes, card_of: CardOf
) -> None:
    like = card_of(float_model)
    output = replace(like.outputs[0], shape=(1, 1))
    card = replace(
        like,
        task=TaskSpec(kind="classification", labels=("no", "yes"), activations=("sigmoid",)),
        outputs=(output,),
    )
    standard = read_metadata(read_model(write_card(float_model, card)).metadata[ENTRY])
    assert standard.label_files == ()
