"""What a `.tflite` really is, read from the file itself: the basis of `inspect` and `verify`."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal

from edgevision.serialization.schema import Form
from edgevision.tflite.arithmetic import (
    INTEGER,
    Arithmetic,
    Precision,
    arithmetic_of,
    float_islands,
    precision_of,
)
from edgevision.tflite.cost import costs_of
from edgevision.tflite.envelope.signature import Signature
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.runtime_version import RuntimeNeed, runtime_need
from edgevision.tflite.view import Operator, Tensor, TfliteModel

Activation = Literal["softmax", "sigmoid", "logits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInterface:
    """An input or output of the file as an application meets it."""

    name: str
    shape: Annotated[tuple[int, ...], Form(max_items=8)]
    dtype: str
    """ "float32", "uint8", "int8", ..."""
    scale: float | None = None
    """real = scale * (stored - zero_point); None for real tensors."""
    zero_point: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFacts:
    """One operation."""

    index: int
    name: str
    version: int
    layer: str
    """Keras layer it was made of; empty when the tensor names do not tell."""
    output: str
    """Name of its first output tensor."""
    output_shape: tuple[int, ...]
    arithmetic: Arithmetic
    multiply_adds: int
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything `inspect` says about a file."""

    size_bytes: int
    precision: Precision
    inputs: tuple[TensorInterface, ...]
    outputs: tuple[TensorInterface, ...]
    operators: tuple[OperatorFacts, ...]
    float_islands: tuple[tuple[int, ...], ...]
    """Indices of operations that compute in floating point inside an integer file, by group."""
    custom: tuple[str, ...]
    """Names of custom operations, Flex ones included."""
    dynamic_shapes: tuple[str, ...]
    """Names of tensors with a side that is not fixed."""
    weight_bytes: tuple[tuple[str, int], ...]
    """(type, bytes) of what the file stores, largest first."""
    subgraphs: int
    runtime: RuntimeNeed
    description: str
    metadata: tuple[str, ...]
    """Names of the metadata entries."""
    signatures: tuple[Signature, ...]
    """The model's own names of inputs and outputs; (name, tensor index) each."""

    @property
    def flex(self) -> tuple[str, ...]:
        """Custom operations that need the TensorFlow (Flex) delegate."""
        return tuple(name for name in self.custom if name.startswith("Flex"))

    @property
    def multiply_adds(self) -> int:
        """Of one run with batch 1."""
        return sum(operator.multiply_adds for operator in self.operators)

    @property
    def parameters(self) -> int:
        """Weights and biases stored, each once."""
        return sum(operator.parameters for operator in self.operators)

    @property
    def is_static(self) -> bool:
        """Whether every shape is fixed."""
        return not self.dynamic_shapes

    @property
    def computing(self) -> tuple[OperatorFacts, ...]:
        """Operations that compute on values: no conversions, no shape arithmetic."""
        return tuple(op for op in self.operators if op.arithmetic not in {"conversion", "index"})

    @property
    def integer_ops(self) -> int:
        """How many of `computing` compute in integers."""
        return sum(operator.arithmetic in INTEGER for operator in self.computing)

    @property
    def integer_multiply_adds(self) -> int:
        """How many of the multiply-adds are integer."""
        return sum(op.multiply_adds for op in self.operators if op.arithmetic in INTEGER)


def facts_of(model: TfliteModel) -> Facts:
    """The facts of `model`, from what its file says and nothing else."""
    inputs, outputs = interface_of(model)
    layers, costs = layer_names(model), costs_of(model)
    stored: Counter[str] = Counter()
    for tensor in model.tensors:
        if tensor.data is not None:
            stored[tensor.dtype] += len(tensor.data)
    return Facts(
        size_bytes=model.size_bytes,
        precision=precision_of(model),
        inputs=inputs,
        outputs=outputs,
        operators=tuple(
            OperatorFacts(
                index=operator.index,
                name=operator.name,
                version=operator.version,
                layer=layer,
                output=_output_name(operator, model),
                output_shape=model.tensors[operator.outputs[0]].shape if operator.outputs else (),
                arithmetic=arithmetic_of(operator, model),
                multiply_adds=cost.multiply_adds,
                parameters=cost.parameters,
            )
            for operator, layer, cost in zip(model.operators, layers, costs, strict=True)
        ),
        float_islands=tuple(
            tuple(operator.index for operator in island) for island in float_islands(model)
        ),
        custom=tuple(sorted({op.name for op in model.operators if op.is_custom})),
        dynamic_shapes=tuple(t.name for t in model.tensors if -1 in (*t.shape, *t.shape_signature)),
        weight_bytes=tuple(stored.most_common()),
        subgraphs=model.subgraphs,
        runtime=runtime_need(model),
        description=model.description,
        metadata=tuple(model.metadata),
        signatures=model.signatures,
    )


def interface_of(
    model: TfliteModel,
) -> tuple[tuple[TensorInterface, ...], tuple[TensorInterface, ...]]:
    """The inputs and the outputs, as a card describes them."""
    inputs = tuple(_tensor_card(model.tensors[index]) for index in model.inputs)
    outputs = tuple(_tensor_card(model.tensors[index]) for index in model.outputs)
    return inputs, outputs


def _tensor_card(tensor: Tensor) -> TensorInterface:
    is_scaled = len(tensor.scales) == len(tensor.zero_points) == 1
    return TensorInterface(
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        scale=tensor.scales[0] if is_scaled else None,
        zero_point=tensor.zero_points[0] if is_scaled else None,
    )


def _output_name(operator: Operator, model: TfliteModel) -> str:
    return model.tensors[operator.outputs[0]].name if operator.outputs else ""
