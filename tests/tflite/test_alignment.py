"""Weights begin on a multiple of 16 bytes in every kind of file we write."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from edgevision.android.interface import to_int8_interface
from edgevision.card.write import write_card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import RECIPES
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.envelope.metadata import wrap
from edgevision.tflite.extract import cut, cut_each, isolate, with_outputs
from edgevision.tflite.flatbuffer import root
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_model
from edgevision.tflite.schema import ALIGNMENT, Slot
from edgevision.tflite.serialize import aligned, serialize
from tests.android.tiny_model import Edges, tiny_card, tiny_model
from tests.quantize.builder import random_images, small_cnn
from tests.tflite.models import classifier

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))


def misaligned(content: bytes) -> list[int]:
    """Buffers with content that begins elsewhere, inside the flatbuffer or behind it."""
    found = []
    for index, table in enumerate(root(content).tables(Slot.MODEL_BUFFERS)):
        start, length = table.blob_span(Slot.BUFFER_DATA)
        start = start if length else table.integer(Slot.BUFFER_OFFSET, "uint64")
        if start > 1 and start % ALIGNMENT:
            found.append(index)
    return found


def quantized(name: str) -> bytes:
    recipe = replace(RECIPES[name], ranges="min-max")
    images = random_images(4)
    return quantize(
        serialize(small_cnn()), preprocessing=PREPROCESSING, images=lambda: images, recipe=recipe
    ).content


def exported() -> Iterator[bytes]:
    """With QUANTIZE at the ends retyped, and with one put there."""
    for edges in (Edges(), Edges(input="uint8", output="uint8")):
        yield to_int8_interface(aligned(tiny_model(edges)))


def packaged() -> Iterator[bytes]:
    content = aligned(tiny_model())
    card = tiny_card(content)
    for labels in (card.labels, ("a" * 13, *card.labels[1:])):
        once = write_card(
            content, replace(card, task=TaskSpec(kind="classification", labels=labels))
        )
        yield from (once, write_card(once, card))


KINDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "graph": lambda: iter([serialize(small_cnn())]),
    **{name: lambda name=name: iter([quantized(name)]) for name in RECIPES},  # type: ignore[misc]
    "each operator": lambda: (piece.content for piece in cut_each(parse(classifier("fp16")))),
    "several operators": lambda: iter([cut(parse(classifier()), {0, 1}).content]),
    "operators apart": lambda: iter([isolate(parse(classifier()), {0, 2}).content]),
    "shown inside": lambda: iter([with_outputs(parse(classifier()), [3])]),
    "with a card": packaged,
    "with other metadata": lambda: (wrap(quantized("int8"), {"x": bytes(n)}) for n in range(17)),
    "with an interface for Kotlin": exported,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_buffer_is_aligned(kind: str) -> None:
    contents = list(KINDS[kind]())
    assert [misaligned(content) for content in contents] == [[]] * len(contents)
    assert any(t.is_constant for content in contents for t in read_model(content).tensors)


def test_a_file_of_another_writer_is_aligned_and_otherwise_the_same() -> None:
    before = classifier("fp16")
    assert misaligned(before)
    after = aligned(before)
    assert misaligned(after) == []
    assert replace(read_model(after), size_bytes=0, operators=()) == replace(
        read_model(before), size_bytes=0, operators=()
    )
    assert aligned(after) is after
