"""The signature of a `.tflite`: the names under which applications give inputs and get outputs.

Tensor names are the converter's and may change with every rewrite of the graph; a signature's names
are the model's own, and LiteRT's `get_signature_runner` and Kotlin's `runSignature` go by them.

Source: tensorflow/lite/schema/schema.fbs (tables SignatureDef and TensorMap).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgevision.errors import ModelError
from edgevision.tflite.envelope.new_root import OldOffset, offsets, with_new_root
from edgevision.tflite.flatbuffer import Table, root
from edgevision.tflite.schema import Slot

SERVING_DEFAULT = "serving_default"
"""What TensorFlow calls the signature of a model that has one."""

_INPUTS, _OUTPUTS, _KEY, _SUBGRAPH = 0, 1, 2, 4
_NAME, _TENSOR = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The names of the inputs and outputs of the main graph, in the file's order."""

    key: str = SERVING_DEFAULT
    inputs: tuple[tuple[str, int], ...]
    """(name, tensor index)."""
    outputs: tuple[tuple[str, int], ...]


def read_signatures(content: bytes) -> tuple[Signature, ...]:
    """The signatures of the main graph of the `.tflite` `content`; most files have one or none.

    Raises:
        ModelError: `content` is damaged.
    """
    model = root(content)
    graphs = model.tables(Slot.MODEL_SUBGRAPHS)
    tensors = len(graphs[0].tables(Slot.GRAPH_TENSORS)) if graphs else 0
    return tuple(
        Signature(
            key=table.text(_KEY),
            inputs=_read_entries(table, _INPUTS, tensors),
            outputs=_read_entries(table, _OUTPUTS, tensors),
        )
        for table in model.tables(Slot.MODEL_SIGNATURES)
        if table.integer(_SUBGRAPH, "uint32") == 0
    )


def write_signature(content: bytes, signature: Signature) -> bytes:
    """The `.tflite` `content` with `signature` as its only one; weights and graph are not touched.

    Raises:
        ModelError: `content` is damaged.
    """

    def write(builder: Any, _old: OldOffset) -> dict[int, int]:
        inputs = _write_entries(builder, signature.inputs)
        outputs = _write_entries(builder, signature.outputs)
        key = builder.CreateString(signature.key)
        builder.StartObject(5)
        builder.PrependUOffsetTRelativeSlot(_INPUTS, inputs, 0)
        builder.PrependUOffsetTRelativeSlot(_OUTPUTS, outputs, 0)
        builder.PrependUOffsetTRelativeSlot(_KEY, key, 0)
        builder.PrependUint32Slot(_SUBGRAPH, 0, 0)
        return {Slot.MODEL_SIGNATURES: offsets(builder, [int(builder.EndObject())])}

    names = [name for name, _ in (*signature.inputs, *signature.outputs)]
    return with_new_root(content, write, room=sum(4 * len(name) + 64 for name in names))


def _read_entries(table: Table, slot: int, tensors: int) -> tuple[tuple[str, int], ...]:
    entries = tuple(
        (entry.text(_NAME), entry.integer(_TENSOR, "uint32")) for entry in table.tables(slot)
    )
    for name, index in entries:
        if index >= tensors:
            message = f"the signature names tensor {index} of {tensors} {name!r}"
            raise ModelError(message)
    return entries


def _write_entries(builder: Any, entries: Sequence[tuple[str, int]]) -> int:
    written = []
    for name, index in entries:
        text = builder.CreateString(name)
        builder.StartObject(2)
        builder.PrependUOffsetTRelativeSlot(_NAME, text, 0)
        builder.PrependUint32Slot(_TENSOR, index, 0)
        written.append(int(builder.EndObject()))
    return offsets(builder, written)
