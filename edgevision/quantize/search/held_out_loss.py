"""Judging an integer graph on images kept out of its making: how far are its answers off?"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.calibrate.prepare import as_integers
from edgevision.quantize.calibrate.statistics import Feed
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tensors import FloatArray
from edgevision.tflite import ops
from edgevision.tflite.extract import with_outputs
from edgevision.tflite.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTensor:
    """A tensor of the float graph in which the answer is looked at."""

    tensor: int
    reader: int
    """Position of the softmax that reads it, or -1: the tensor is an output itself."""

    @property
    def is_logits(self) -> bool:
        """Whether it is compared as a distribution over classes."""
        return self.reader >= 0


def compared_tensors(graph: Graph) -> tuple[ComparedTensor, ...]:
    """Where each output's answer is compared: before a softmax, whose int8 steps are coarse."""
    producers = graph.producers()
    found = []
    for t in graph.outputs:
        if not graph.is_float(t):
            continue
        at = producers.get(t, -1)
        if at >= 0 and graph.operators[at].name == ops.SOFTMAX:
            found.append(ComparedTensor(tensor=graph.operators[at].inputs[0], reader=at))
        else:
            found.append(ComparedTensor(tensor=t, reader=-1))
    return tuple(found)


class HeldOutLoss:
    """Holds some images and the float model's answers to them."""

    def __init__(self, graph: Graph, feeds: Sequence[Feed]) -> None:
        """Run the float `graph` on the images."""
        self.answers = compared_tensors(graph)
        self.graph = graph
        self.feeds = feeds
        self.expected = run_tensors(graph, [a.tensor for a in self.answers], feeds)

    def of(self, graph: Graph) -> "HeldOutLoss":
        """The same images and answers, for another graph of the same function."""
        other = copy.copy(self)
        other.answers, other.graph = compared_tensors(graph), graph
        return other

    def loss(self, integer: Graph, position: Sequence[int]) -> float:
        """Mean over images of how far the answers are off; 0 is the float model itself.

        Logits are compared by the root of the Kullback-Leibler divergence, anything else by the
        noise's share of the signal's power.

        Args:
            integer: the graph to judge.
            position: where each operator of the float graph stands in it.
        """
        tensors = [
            integer.outputs[self.graph.outputs.index(answer.tensor)]
            if answer.reader < 0
            else integer.operators[position[answer.reader]].inputs[0]
            for answer in self.answers
        ]
        got = run_tensors(integer, tensors, [as_integers(integer, f) for f in self.feeds])
        losses = [
            mean_root_divergence(expected, actual) if answer.is_logits else noise(expected, actual)
            for answer, expected, actual in zip(self.answers, self.expected, got, strict=True)
        ]
        return float(np.mean(losses)) if losses else 0.0


def run_tensors(graph: Graph, tensors: Sequence[int], feeds: Sequence[Feed]) -> list[FloatArray]:
    """Real values of `tensors` for each feed, each (images, ...)."""
    shown = list(dict.fromkeys(tensors))

    def run(session: Session, feed: Feed) -> list[FloatArray]:
        values = session.run(*feed)
        return [spec.to_real(v) for spec, v in zip(session.outputs, values, strict=True)]

    with SessionPool(with_outputs(graph, shown)) as crew:
        rows = list(crew.map(run, feeds))
    return [np.stack([row[shown.index(t)] for row in rows]) for t in tensors]


def mean_root_divergence(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Mean root of the Kullback-Leibler divergence of softmax(actual) from softmax(expected).

    The root, because a few images diverge a hundred times more than the typical one: the plain
    mean over some 25 images would be about them alone, and choose by chance.
    """
    p, q = _log_softmax(expected), _log_softmax(actual)
    divergence = (np.exp(p) * (p - q)).sum(axis=-1)
    return float(np.sqrt(np.maximum(divergence, 0)).mean())


def noise(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Power of the difference as a share of the expected values' power."""
    power = float(np.square(expected, dtype=np.float64).sum())
    difference = float(np.square(actual - expected, dtype=np.float64).sum())
    return difference / power if power > 0 else difference


def _log_softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    result: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result
