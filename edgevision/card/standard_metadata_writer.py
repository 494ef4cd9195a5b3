"""Writing TFLite Metadata with the plain `flatbuffers` builder, from the schema's field numbers.

No generated code and no tflite-support: neither is installable beside a current NumPy.
"""

from collections.abc import Sequence
from typing import Any

import flatbuffers

from edgevision.card.card import Card
from edgevision.card.standard_metadata import (
    AXIS_LABELS,
    FEATURE,
    IDENTIFIER,
    IMAGE,
    LABELS_FILE,
    NORMALIZATION,
    VALUE_LABELS,
)

# Nothing written here is newer than the first version of the schema.
_MIN_PARSER_VERSION = "1.0.0"
_COLOR_SPACE = {"rgb": 1, "gray": 2}
_OTHER_COLORS = 0


def build_metadata(card: Card) -> bytes:
    """The metadata flatbuffer that says, as far as the standard can, what `card` says.

    The standard knows no colour order but RGB and grey: a BGR model's colour space stays unknown,
    so that no application feeds it RGB by mistake.
    """
    builder = flatbuffers.Builder(1024)
    image = _input_tensor(builder, card)
    outputs = [_output_tensor(builder, card, index) for index in range(len(card.outputs))]
    inputs_vector = _offsets(builder, [image])
    outputs_vector = _offsets(builder, outputs)
    graph = _table(builder, 10, {2: inputs_vector, 3: outputs_vector})
    graphs = _offsets(builder, [graph])
    name = builder.CreateString(card.name)
    version = builder.CreateString(_MIN_PARSER_VERSION)
    builder.Finish(_table(builder, 8, {0: name, 3: graphs, 7: version}), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _input_tensor(builder: Any, card: Card) -> int:
    preprocessing = card.preprocessing
    size = _scalars(
        builder, 2, {0: ("Uint32", preprocessing.width), 1: ("Uint32", preprocessing.height)}
    )
    builder.StartObject(2)
    builder.PrependInt8Slot(0, _COLOR_SPACE.get(preprocessing.color, _OTHER_COLORS), 0)
    builder.PrependUOffsetTRelativeSlot(1, size, 0)
    image = builder.EndObject()
    content = _union(builder, IMAGE, image)
    # One number when one serves all channels: the form every reader knows.
    channels = slice(1) if preprocessing.is_scalar else slice(None)
    means, stds = preprocessing.channel_mean, preprocessing.channel_std
    options = _table(
        builder, 2, {0: _floats(builder, means[channels]), 1: _floats(builder, stds[channels])}
    )
    unit = _union(builder, NORMALIZATION, options)
    units = _offsets(builder, [unit])
    if card.inputs[0].dtype == "uint8":
        lowest, highest = [0.0], [255.0]
    else:
        pairs = list(zip(means, stds, strict=True))[channels]
        lowest = [(0 - mean) / std for mean, std in pairs]
        highest = [(255 - mean) / std for mean, std in pairs]
    stats = _table(builder, 2, {0: _floats(builder, highest), 1: _floats(builder, lowest)})
    name = builder.CreateString("image")
    return _table(builder, 7, {0: name, 3: content, 4: units, 5: stats})


def _output_tensor(builder: Any, card: Card, index: int) -> int:
    feature = _table(builder, 0, {})
    fields = {3: _union(builder, FEATURE, feature)}
    # In the output order of TFLite_Detection_PostProcess the second tensor holds the classes.
    labelled = 1 if card.kind == "detection" and len(card.outputs) > 1 else 0
    # The standard wants one label a value: two labels of one sigmoid output stay out of it.
    if card.labels and index == labelled and _has_labels(card):
        file_name = builder.CreateString(LABELS_FILE)
        builder.StartObject(5)
        builder.PrependUOffsetTRelativeSlot(0, file_name, 0)
        is_value = card.kind == "detection"
        builder.PrependInt8Slot(2, VALUE_LABELS if is_value else AXIS_LABELS, 0)
        fields[6] = _offsets(builder, [builder.EndObject()])
    name = "probability" if card.activation in {"softmax", "sigmoid"} else "score"
    fields[0] = builder.CreateString(name if card.kind == "classification" else f"output_{index}")
    return _table(builder, 7, fields)


def _has_labels(card: Card) -> bool:
    return card.kind == "detection" or card.outputs[0].shape[-1:] == (len(card.labels),)


def _table(builder: Any, slots: int, offsets: dict[int, int]) -> int:
    builder.StartObject(slots)
    for slot, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    return int(builder.EndObject())


def _scalars(builder: Any, slots: int, values: dict[int, tuple[str, int]]) -> int:
    builder.StartObject(slots)
    for slot, (kind, value) in values.items():
        getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return int(builder.EndObject())


def _union(builder: Any, kind: int, value: int) -> int:
    """A table whose first two slots are a union: the type, then the table."""
    builder.StartObject(2)
    builder.PrependUint8Slot(0, kind, 0)
    builder.PrependUOffsetTRelativeSlot(1, value, 0)
    return int(builder.EndObject())


def _floats(builder: Any, values: Sequence[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
