"""A `.tflite` file as values: the tensors, operators and signatures of its main graph."""

from dataclasses import dataclass
from math import prod

from edgevision.tflite.envelope.signature import Signature
from edgevision.tflite.flatbuffer import Table
from edgevision.tflite.schema import BYTES_PER_ELEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor of the main graph, as a file has it; `graph.Tensor` is the one to edit."""

    index: int
    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    """As `shape`, with -1 where a side may change at run time; empty when the file has none."""
    dtype: str
    """"float32", "int8", ... (`schema.TENSOR_TYPES`)."""
    scales: tuple[float, ...]
    """Empty for real tensors, one for per-tensor, one a channel for per-channel quantization."""
    zero_points: tuple[int, ...]
    axis: int
    """The dimension that `scales` runs along when there are several."""
    data: bytes | None
    """Content of a constant tensor (little-endian), None for one computed at run time."""

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes the elements take."""
        return int(self.elements * BYTES_PER_ELEMENT.get(self.dtype, 0))

    @property
    def is_constant(self) -> bool:
        """Whether its content is in the file."""
        return self.data is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operation of the main graph, as a file has it; `graph.Operator` is the one to edit."""

    index: int
    """Its place in the file, which is its id: an edited graph keeps it (`graph.Operator.id`)."""
    name: str
    """"CONV_2D", ...; the custom name of a custom operation ("FlexErf", "TFLite_Detection...")."""
    is_custom: bool
    version: int
    inputs: tuple[int, ...]
    """Tensor indices; -1 for an optional input left out."""
    outputs: tuple[int, ...]
    options: Table | None
    """Its builtin options, to be read by slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TfliteModel:
    """The facts of a file; its main graph is the first one."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int
    """Graphs in the file; more than one when it has control flow."""
    description: str
    metadata: dict[str, bytes]
    """Metadata buffers by name, such as "TFLITE_METADATA" and "min_runtime_version"."""
    size_bytes: int
    signatures: tuple[Signature, ...] = ()
    """The model's own names of inputs and outputs; most files have one, or none."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """One an output: as its only signature names it, else as its tensor is called.

        Converters name tensors ("StatefulPartitionedCall:1", "age/output"), people outputs ("age").
        """
        given: dict[int, list[str]] = {}
        if len(self.signatures) == 1:
            for name, at in self.signatures[0].outputs:
                given.setdefault(at, []).append(name)
        # One tensor may be several outputs: each takes the next of its names.
        return tuple(
            (given[at].pop(0) if given.get(at) else "") or self.tensors[at].name
            for at in self.outputs
        )
