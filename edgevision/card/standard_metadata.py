"""TFLite Metadata: the standard flatbuffer in which Android tools and MediaPipe look for labels.

Read here with our bounds-checked reader; `metadata_writer` writes it.

Source: tflite-support, tensorflow_lite_support/metadata/metadata_schema.fbs, version 1.5.0
"""

from dataclasses import dataclass

from edgevision.errors import ModelError
from edgevision.tflite.flatbuffer import Table, root

ENTRY = "TFLITE_METADATA"
"""Name of the metadata entry of a `.tflite` that holds this flatbuffer."""

LABELS_FILE = "labels.txt"
"""Our name for the associated file that holds the labels."""

IDENTIFIER = b"M001"

# Values of the schema's enums and unions.
AXIS_LABELS, VALUE_LABELS = 2, 3
FEATURE, IMAGE = 1, 2
NORMALIZATION = 1


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


def read_metadata(data: bytes) -> StandardMetadata:
    """What the metadata flatbuffer `data` says.

    Raises:
        ModelError: it is damaged or no TFLite Metadata.
    """
    if data[4:8] != IDENTIFIER:
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
        if file.integer(2, "int8") in {AXIS_LABELS, VALUE_LABELS}
    )
    return StandardMetadata(
        name=model.text(0), color_space=color_space, mean=mean, std=std, label_files=files
    )


def _read_image(tensor: Table) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    color_space = 0
    content = tensor.table(3)
    if content is not None and content.integer(0, "uint8") == IMAGE:
        properties = content.table(1)
        color_space = properties.integer(0, "int8") if properties is not None else 0
    for unit in tensor.tables(4):
        options = unit.table(1)
        if unit.integer(0, "uint8") == NORMALIZATION and options is not None:
            return color_space, options.numbers(0, "float32"), options.numbers(1, "float32")
    return color_space, (), ()
