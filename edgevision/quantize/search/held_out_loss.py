"""The held-out loss: how far an integer graph's answers are off on images not calibrated on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.quantize.calibrate.prepare import as_integers
from edgevision.quantize.calibrate.statistics import Feed
from edgevision.quantize.quantized_graph import QuantizedGraph
from edgevision.quantize.search.output_loss import losses_by_form
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tasks.loss import OutputLoss
from edgevision.tensors import FloatArray
from edgevision.tflite import ops
from edgevision.tflite.extract import with_outputs
from edgevision.tflite.graph import Graph, Operator, OperatorId

_ACTIVATIONS = frozenset({ops.SOFTMAX, ops.LOGISTIC})


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTensor:
    """A tensor of the float graph in which an answer is compared."""

    tensor: int
    reader: OperatorId | None
    """The softmax or sigmoid that reads it; None: the tensor is an output itself."""


def compared_tensors(graph: Graph, losses: Sequence[OutputLoss]) -> tuple[ComparedTensor, ...]:
    """Where each loss compares the answer of `graph`."""
    producers = graph.producers()
    found = []
    for loss in losses:
        t = graph.outputs[loss.output]
        op = _maker(graph, producers, t) if loss.before_activation else None
        if op is not None and op.name in _ACTIVATIONS:
            found.append(ComparedTensor(tensor=op.inputs[0], reader=op.id))
        else:
            found.append(ComparedTensor(tensor=t, reader=None))
    return tuple(found)


def _maker(graph: Graph, producers: Mapping[int, int], tensor: int) -> Operator | None:
    """The operator that computes the values of `tensor`, None if none does."""
    while tensor in producers:
        op = graph.operators[producers[tensor]]
        if op.name not in ops.MOVES:
            return op
        tensor = op.inputs[0]
    return None


class HeldOutLoss:
    """Holds some images and the float model's answers to them."""

    def __init__(
        self, graph: Graph, feeds: Sequence[Feed], losses: Sequence[OutputLoss] | None = None
    ) -> None:
        """Run the float `graph` on the images.

        Args:
            graph: the float model.
            feeds: images that nothing is calibrated on.
            losses: of its outputs; None: as their form suggests.
        """
        self._losses: Sequence[OutputLoss] = losses_by_form(graph) if losses is None else losses
        self._feeds = feeds
        tensors = [one.tensor for one in compared_tensors(graph, self._losses)]
        self._expected = run_tensors(graph, tensors, feeds)

    def of(self, made: QuantizedGraph) -> float:
        """Weighted mean over outputs of the error of `made`; 0 is the float model itself."""
        source, integer = made.design.graph, made.graph
        tensors = [
            integer.outputs[loss.output]
            if compared.reader is None
            else integer.operator(compared.reader).inputs[0]
            for loss, compared in zip(
                self._losses, compared_tensors(source, self._losses), strict=True
            )
        ]
        actual = run_tensors(integer, tensors, [as_integers(integer, f) for f in self._feeds])
        values = [
            loss.function(wanted, got)
            for loss, wanted, got in zip(self._losses, self._expected, actual, strict=True)
        ]
        weights = [loss.weight for loss in self._losses]
        return float(np.average(values, weights=weights)) if sum(weights) > 0 else 0.0


def run_tensors(graph: Graph, tensors: Sequence[int], feeds: Sequence[Feed]) -> list[FloatArray]:
    """Real values of `tensors` for each feed, each (images, ...)."""
    shown = list(dict.fromkeys(tensors))
    if not shown:
        return []

    def run(session: Session, feed: Feed) -> list[FloatArray]:
        values = session.run(*feed)
        return [spec.to_real(v) for spec, v in zip(session.outputs, values, strict=True)]

    with SessionPool(with_outputs(graph, shown)) as pool:
        rows = list(pool.map(run, feeds))
    return [np.stack([row[shown.index(t)] for row in rows]) for t in tensors]
