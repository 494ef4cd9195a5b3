"""The card of a converted file: written when it was declared how photos become its input."""

from pathlib import Path

import numpy as np

from edgevision.card.card import Card, Provenance
from edgevision.card.tools import tool_versions
from edgevision.card.write import write_card
from edgevision.convert.job import Conversion
from edgevision.errors import ModelError, UsageError
from edgevision.keras_model.archive import digest_of
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.normalize import whole_number_table
from edgevision.runtime.input_encoder import takes_whole_numbers
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.resolve import resolve_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model

_PRECISION = "float32"


def with_card(
    content: bytes,
    conversion: Conversion,
    *,
    source: Path,
    declared: Preprocessing,
    labels: tuple[str, ...],
    task: TaskSpec | None = None,
) -> bytes:
    """The `.tflite` `content` with a card inside.

    Args:
        content: the converted file.
        conversion: what is known of it.
        source: the model it was made of.
        declared: how photos become its input; complete.
        labels: class names in index order; empty when unknown.
        task: what the outputs mean; None: as far as the file and the labels tell.

    Raises:
        UsageError: the model does not take one image, or what was declared does not fit it.
        ModelError: there are not as many labels as classes, the task does not fit the outputs, or
            the input takes whole numbers and the preprocessing makes others.
    """
    height, width, channels = _image_shape(conversion)
    preprocessing = declared.preprocessing(width=width, height=height, channels=channels)
    (given,) = conversion.inputs
    dtype = np.dtype(given.dtype)
    if dtype.kind in "iu" and whole_number_table(preprocessing, dtype) is None:
        raise takes_whole_numbers(given.name, given.dtype)
    model = read_model(content)
    interface = interface_of_file(model, preprocessing)
    resolved = resolve_task(interface, declared=task, labels=labels).task
    if labels and not resolved.spec.labels:
        message = f"the {len(labels)} class names are not one for each number of one output"
        raise ModelError(message, hint="give the right list with --labels, or leave it away")
    facts = facts_of(model)
    card = Card(
        name=source.stem,
        preprocessing=preprocessing,
        task=resolved.spec,
        precision=facts.precision,
        inputs=facts.inputs,
        outputs=facts.outputs,
        provenance=Provenance(
            source_name=source.name,
            source_sha256=digest_of(source),
            recipe=_PRECISION,
            tools=tool_versions(before=conversion.versions.items()),
        ),
    )
    return write_card(content, card)


def _image_shape(conversion: Conversion) -> tuple[int, int, int]:
    shapes = [given.shape for given in conversion.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        listed = ", ".join(f"{one.name} {list(one.shape)}" for one in conversion.inputs)
        message = f"preprocessing was declared, and the model does not take one image but {listed}"
        raise UsageError(message, hint="leave the preprocessing away: the file gets no card then")
    _batch, height, width, channels = shapes[0]
    return height, width, channels
