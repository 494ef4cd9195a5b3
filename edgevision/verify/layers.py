"""Where along the network an integer model departs from its float original, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ModelError
from edgevision.quantize.graph import Graph, Tensor
from edgevision.quantize.graph_writer import file_with_outputs
from edgevision.runtime.session import Session, TensorSpec, usable_cpus
from edgevision.verify.causes import Evidence, cause_of

Feed = tuple[NDArray[Any], ...]

# Not a set: NumPy's types and dtypes are equal, but do not hash alike.
_INTEGERS = (np.dtype(np.int8), np.dtype(np.int16))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """What one operation's output is like in integers."""

    position: int
    """Of the operation in the float file."""
    operator: str
    tensor: str
    sqnr_db: float
    """Power of the float values over that of the difference, all images together."""
    input_sqnr_db: float
    """The worst of its inputs; what is lost below it was lost here."""
    clipped_share: float
    """Share of values that lie outside what the integers represent."""
    cause: str
    """Empty when nothing stands out."""
    fix: str

    @property
    def lost_db(self) -> float:
        """How much worse the output is than the worst input; at least 0."""
        return max(0.0, self.input_sqnr_db - self.sqnr_db)


@dataclass(slots=True)
class _Sums:
    """Running sums over images for one tensor, per channel."""

    scales: tuple[float, float]
    """Smallest and largest real value of the integers."""
    may_be_scaled: bool
    """Channels may carry factors that the next layer takes back (equalization)."""
    count: int = 0
    outside: int = 0
    outside_error: float = 0.0
    float_power: NDArray[np.float64] | float = 0.0
    integer_power: NDArray[np.float64] | float = 0.0
    product: NDArray[np.float64] | float = 0.0
    peak: NDArray[np.float64] | float = 0.0

    def add(self, real: NDArray[Any], integer: NDArray[Any]) -> None:
        rows = real.reshape(-1, real.shape[-1]).astype(np.float64)
        got = integer.reshape(rows.shape).astype(np.float64)
        self.float_power = self.float_power + (rows * rows).sum(axis=0)
        self.integer_power = self.integer_power + (got * got).sum(axis=0)
        self.product = self.product + (rows * got).sum(axis=0)
        self.peak = np.maximum(self.peak, np.abs(rows).max(axis=0))
        if not self.may_be_scaled:
            step = (self.scales[1] - self.scales[0]) / 255
            outside = (rows < self.scales[0] - step) | (rows > self.scales[1] + step)
            self.outside += int(outside.sum())
            self.outside_error += float(np.square((rows - got)[outside]).sum())
        self.count += rows.size

    @property
    def error(self) -> float:
        """Power of the difference, after channel factors are taken out where there may be some."""
        if self.may_be_scaled:
            power = np.maximum(self.integer_power, 1e-30)
            return float(np.maximum(self.float_power - self.product**2 / power, 0).sum())
        return float(
            np.maximum(
                self.float_power - 2 * np.asarray(self.product) + self.integer_power, 0
            ).sum()
        )

    @property
    def sqnr_db(self) -> float:
        signal = float(np.sum(self.float_power))
        if self.error <= 0 or signal <= 0:
            return 120.0
        return float(min(120.0, 10 * np.log10(signal / self.error)))


def layer_errors(
    float_graph: Graph, integer_graph: Graph, feeds: Iterable[tuple[Feed, Feed]]
) -> tuple[LayerError, ...]:
    """Errors of every operation that both files have, in the network's order.

    Args:
        float_graph: the original.
        integer_graph: made from it; activations keep their names, or operations their order.
        feeds: for each image what the float and the integer inputs hold.

    Raises:
        ModelError: the files have no activation in common.
    """
    pairs = matching_tensors(float_graph, integer_graph)
    if not pairs:
        message = "the two files have no layer in common"
        raise ModelError(message, hint="give the float .tflite that the other was made from")
    depthwise = {op.inputs[0] for op in float_graph.operators if op.name == "DEPTHWISE_CONV_2D"}
    padded = {
        op.inputs[0]
        for op in float_graph.operators
        if op.name == "PAD" and op.outputs[0] in depthwise
    }
    sums = {
        t: _Sums(_represented(integer_graph.tensors[i]), may_be_scaled=t in depthwise | padded)
        for t, i in pairs.items()
    }
    _run(float_graph, integer_graph, pairs, feeds, sums)
    return tuple(_judge(float_graph, integer_graph, pairs, sums))


def matching_tensors(float_graph: Graph, integer_graph: Graph) -> dict[int, int]:
    """Float activation -> the integer tensor that stands for it."""
    written = {t for op in integer_graph.operators for t in op.outputs}
    named = {
        tensor.name: t
        for t, tensor in enumerate(integer_graph.tensors)
        if t in written and tensor.scales is not None and tensor.dtype in _INTEGERS
    }
    pairs = {
        t: named[float_graph.tensors[t].name]
        for op in float_graph.operators
        for t in op.outputs
        if float_graph.tensors[t].name in named
        and integer_graph.tensors[named[float_graph.tensors[t].name]].shape
        == float_graph.tensors[t].shape
    }
    if pairs:
        return pairs
    conversions = {"QUANTIZE", "DEQUANTIZE"}
    ours = [op for op in integer_graph.operators if op.name not in conversions]
    if [op.name for op in ours] != [op.name for op in float_graph.operators]:
        return {}
    return {
        op.outputs[0]: other.outputs[0]
        for op, other in zip(float_graph.operators, ours, strict=True)
        if integer_graph.tensors[other.outputs[0]].scales is not None
    }


def _represented(tensor: Tensor) -> tuple[float, float]:
    if tensor.scales is None or tensor.dtype is None:
        return -np.inf, np.inf
    limits = np.iinfo(tensor.dtype)
    step, zero = float(tensor.scales.scale[0]), int(tensor.scales.zero_point[0])
    return (int(limits.min) - zero) * step, (int(limits.max) - zero) * step


def _run(
    float_graph: Graph,
    integer_graph: Graph,
    pairs: dict[int, int],
    feeds: Iterable[tuple[Feed, Feed]],
    sums: dict[int, _Sums],
) -> None:
    threads = min(2, usable_cpus())
    originals = file_with_outputs(float_graph, list(pairs))
    integers = file_with_outputs(integer_graph, list(pairs.values()))
    with (
        Session(originals, threads=threads) as reference,
        Session(integers, threads=threads) as ours,
    ):
        for given, fed in feeds:
            wanted = reference.run(*given)
            got = ours.run(*fed)
            for t, spec, value, answer in zip(pairs, ours.outputs, wanted, got, strict=True):
                sums[t].add(value, _real(spec, answer))


def _real(spec: TensorSpec, value: NDArray[Any]) -> NDArray[Any]:
    return spec.to_real(value)


def _judge(
    float_graph: Graph, integer_graph: Graph, pairs: dict[int, int], sums: dict[int, _Sums]
) -> Iterable[LayerError]:
    makers = {t: op for op in integer_graph.operators for t in op.outputs}
    for at, op in enumerate(float_graph.operators):
        t = op.outputs[0]
        if t not in pairs:
            continue
        own = sums[t]
        reached = [sums[i].sqnr_db for i in op.inputs if i in sums]
        evidence = Evidence(
            operator=op.name,
            clipped_share=own.outside / max(1, own.count),
            clipped_error_share=own.outside_error / own.error if own.error > 0 else 0.0,
            channel_peaks=np.asarray(own.peak),
            input_ranges=tuple(
                _width(integer_graph.tensors[pairs[i]]) for i in op.inputs if i in pairs
            ),
            output_range=_width(integer_graph.tensors[pairs[t]]),
            rms=float(np.sqrt(np.sum(own.float_power) / max(1, own.count))),
            weights=_constant(float_graph, op.inputs, 1),
            integer_bias=_constant(integer_graph, makers[pairs[t]].inputs, 2),
        )
        cause, fix = cause_of(evidence)
        yield LayerError(
            position=at,
            operator=op.name,
            tensor=float_graph.tensors[t].name,
            sqnr_db=own.sqnr_db,
            input_sqnr_db=min(reached, default=120.0),
            clipped_share=evidence.clipped_share,
            cause=cause,
            fix=fix,
        )


def _width(tensor: Tensor) -> float:
    low, high = _represented(tensor)
    return high - low


def _constant(graph: Graph, inputs: Sequence[int], at: int) -> NDArray[Any] | None:
    return graph.constant(inputs[at]) if len(inputs) > at else None
