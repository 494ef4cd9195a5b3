"""Latency of each operator alone, in int8 and in float, on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgevision.errors import ModelError
from edgevision.quantize.quantized_graph import QuantizedGraph
from edgevision.runtime.session import Session
from edgevision.tflite.extract import cut
from edgevision.tflite.graph import Graph, OperatorId

RUNS = 15
"""Of each operator alone, after two to warm up; the shortest counts, the rest is other work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLatency:
    """One operator alone, in both precisions, in microseconds."""

    id: OperatorId
    operator: str
    integer_us: float
    float_us: float


def operator_latencies(
    made: QuantizedGraph,
    *,
    threads: int = 1,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> tuple[OperatorLatency, ...]:
    """What each integer operator of `made` takes, and takes in float."""
    source = made.design.graph
    costs = []
    for op in source.operators:
        if op.id not in made.design.plan.integer:
            continue
        integer = _alone_us(made.graph, op.id, threads, clock_ns)
        real = _alone_us(source, op.id, threads, clock_ns)
        if integer is not None and real is not None:
            costs.append(
                OperatorLatency(id=op.id, operator=op.name, integer_us=integer, float_us=real)
            )
    return tuple(costs)


def _alone_us(
    graph: Graph, operator: OperatorId, threads: int, clock_ns: Callable[[], int]
) -> float | None:
    """Shortest run of one operator as a model of its own; None where it cannot be one."""
    try:
        with Session(cut(graph, {operator}).content, threads=threads) as session:
            for _ in range(2):
                session.invoke()
            best = None
            for _ in range(RUNS):
                begun = clock_ns()
                session.invoke()
                taken = clock_ns() - begun
                best = taken if best is None else min(best, taken)
    except ModelError:
        return None
    return None if best is None else best / 1000


def conversion_us(graph: Graph) -> float:
    """Typical time to convert an activation between int8 and float: half a microsecond a kB.

    LiteRT converts some 2 GB/s with vector instructions, measured on x86-64 and Cortex-A72.
    """
    sizes = [int(np.prod(graph.tensors[t].shape)) for op in graph.operators for t in op.outputs]
    return 2.0 + float(np.median(sizes)) / 2000 if sizes else 2.0
