"""Walking through the integer graph operator by operator, all images side by side.

Each operator becomes a model of its own and runs on every image in the real runtime, so a layer
can be corrected for what the integer layers before it really gave, in one pass over the network.
Activations are held only while a later operator needs them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.calibrate.statistics import Feed
from edgevision.runtime.session import Session
from edgevision.tflite.extract import cut
from edgevision.tflite.graph import Graph, Operator

Values = list[NDArray[Any]]
"""One array for each image."""

Visit = Callable[[int, dict[int, Values]], None]
"""Called before operator `at` runs, with the activations alive; may replace its constants."""


def walk(graph: Graph, feeds: Sequence[Feed], visit: Visit) -> None:
    """Run the operators of `graph` in order on all `feeds`, showing `visit` each one's inputs."""
    last_use = {t: at for at, op in enumerate(graph.operators) for t in op.inputs}
    alive: dict[int, Values] = {
        t: [feed[at] for feed in feeds] for at, t in enumerate(graph.inputs)
    }
    for at, op in enumerate(graph.operators):
        visit(at, alive)
        made = _run_one(graph, op, alive, images=len(feeds))
        alive |= dict(zip(op.outputs, made, strict=True))
        for t in list(alive):
            if last_use.get(t, -1) <= at:
                del alive[t]


def _run_one(graph: Graph, op: Operator, alive: dict[int, Values], *, images: int) -> list[Values]:
    """Outputs of `op` on every image.

    It may read constants alone, and write something else for each image (random numbers).
    """
    made: list[Values] = [[] for _ in op.outputs]
    alone = cut(graph, {op.id})
    # One thread: most operators are too small for two, and another graph may be walked beside.
    with Session(alone.content) as session:
        for image in range(images):
            given = (alive[t][image] for t in alone.inputs)
            for results, value in zip(made, session.run(*given), strict=True):
                results.append(value)
    return made


def live_bytes(graph: Graph) -> int:
    """Most bytes of activations that are needed at once, for one image."""
    sizes = {
        t: int(np.prod(tensor.shape)) * (tensor.dtype.itemsize if tensor.dtype is not None else 0)
        for t, tensor in enumerate(graph.tensors)
    }
    last_use = {t: at for at, op in enumerate(graph.operators) for t in op.inputs}
    alive, most = set(graph.inputs), 0
    for at, op in enumerate(graph.operators):
        alive |= set(op.outputs)
        most = max(most, sum(sizes[t] for t in alive))
        alive = {t for t in alive if last_use.get(t, -1) > at}
    return most
