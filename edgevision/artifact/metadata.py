"""TFLite Metadata: the standard flatbuffer in which Android tools and MediaPipe look for labels.

Written with the plain `flatbuffers` builder from the field numbers of the public schema, so that
no generated code and no tflite-support are needed; read with our bounds-checked reader.

Source: tflite-support, tensorflow_lite_support/metadata/metadata_schema.fbs, version 1.5.0
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers

from edgevision.artifact.card import Card
from edgevision.artifact.flatbuffer import Table, root
from edgevision.errors import ModelError

ENTRY = "TFLITE_METADATA"
"""Name of the metadata entry of a `.tflite` that holds this flatbuffer."""

LABELS_FILE = "labels.txt"

_IDENTIFIER = b"M001"
# Nothing written here is newer than the first version of the schema.
_MIN_PARSER_VERSION = "1.0.0"

# Values of the schema's enums and unions.
_AXIS_LABELS, _VALUE_LABELS = 2, 3
_FEATURE, _IMAGE = 1, 2
_NORMALIZATION = 1
_COLOR_SPACE = {"rgb": 1, "gray": 2}
_OTHER_COLORS = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardMetadata:
    """What a file's TFLite Metadata says about its first input and its outputs."""

    name: str
    color_space: int
    """0 unknown, 1 RGB, 2 grey."""
    mean: tuple[float, ...]
    """Of the NormalizationOptions; empty when there are none."""
    std: tuple[float, ...]
    label_files: tuple[str, ...]
    """Names of associated files that hold labels, of all outputs in order."""


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
    builder.Finish(
        _table(builder, 8, {0: name, 3: graphs, 7: version}), file_identifier=_IDENTIFIER
    )
    return bytes(builder.Output())


def read_metadata(data: bytes) -> StandardMetadata:
    """What the metadata flatbuffer `data` says.

    Raises:
        ModelError: it is damaged or no TFLite Metadata.
    """
    if data[4:8] != _IDENTIFIER:
        message = f"the {ENTRY} entry is no TFLite Metadata (its identifier is missing)"
        raise ModelError(message)
    model = root(data)
    graphs = model.tables(3)
    if not graphs:
        return StandardMetadata(name=model.text(0), color_space=0, mean=(), std=(), label_files=())
    inputs, outputs = graphs[0].tables(2), graphs[0].tables(3)
    color_space, mean, std = _read_image(inputs[0]) if inputs else (0, (), ())
    files = tuple(
        file.text(0)
        for output in outputs
        for file in output.tables(6)
        if file.integer(2, "int8") in {_AXIS_LABELS, _VALUE_LABELS}
    )
    return StandardMetadata(
        name=model.text(0), color_space=color_space, mean=mean, std=std, label_files=files
    )


def _read_image(tensor: Table) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    color_space = 0
    content = tensor.table(3)
    if content is not None and content.integer(0, "uint8") == _IMAGE:
        properties = content.table(1)
        color_space = properties.integer(0, "int8") if properties is not None else 0
    for unit in tensor.tables(4):
        options = unit.table(1)
        if unit.integer(0, "uint8") == _NORMALIZATION and options is not None:
            return color_space, options.numbers(0, "float32"), options.numbers(1, "float32")
    return color_space, (), ()


def _input_tensor(builder: Any, card: Card) -> int:
    contract = card.contract
    size = _scalars(builder, 2, {0: ("Uint32", contract.width), 1: ("Uint32", contract.height)})
    builder.StartObject(2)
    builder.PrependInt8Slot(0, _COLOR_SPACE.get(contract.color, _OTHER_COLORS), 0)
    builder.PrependUOffsetTRelativeSlot(1, size, 0)
    image = builder.EndObject()
    content = _union(builder, _IMAGE, image)
    # One number when one serves all channels: the form every reader knows.
    channels = slice(1) if contract.is_scalar else slice(None)
    means, stds = contract.channel_mean, contract.channel_std
    options = _table(
        builder, 2, {0: _floats(builder, means[channels]), 1: _floats(builder, stds[channels])}
    )
    unit = _union(builder, _NORMALIZATION, options)
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
    fields = {3: _union(builder, _FEATURE, feature)}
    # In the output order of TFLite_Detection_PostProcess the second tensor holds the classes.
    labelled = 1 if card.kind == "detection" and len(card.outputs) > 1 else 0
    if card.labels and index == labelled:
        file_name = builder.CreateString(LABELS_FILE)
        builder.StartObject(5)
        builder.PrependUOffsetTRelativeSlot(0, file_name, 0)
        is_axis = card.kind == "classification"
        builder.PrependInt8Slot(2, _AXIS_LABELS if is_axis else _VALUE_LABELS, 0)
        fields[6] = _offsets(builder, [builder.EndObject()])
    name = "probability" if card.activation in {"softmax", "sigmoid"} else "score"
    fields[0] = builder.CreateString(name if card.kind == "classification" else f"output_{index}")
    return _table(builder, 7, fields)


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
