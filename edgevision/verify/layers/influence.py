"""How much each layer's own error alone moves the answer: it is put into the float model.

A small error may ruin the answer and a large one may vanish on its way; only running the rest of
the network tells. The float model gets a place behind each layer where an error can be added.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.runtime.closing import Closing
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tasks.loss import OutputLoss
from edgevision.tensors import FloatArray
from edgevision.tflite import ops, schema
from edgevision.tflite.extract import with_outputs
from edgevision.tflite.graph import Operator, Tensor
from edgevision.tflite.parse import parse
from edgevision.tflite.view import TfliteModel
from edgevision.verify.layers.align import AlignedOperators
from edgevision.verify.layers.snapshot import Snapshot

_MOVES = frozenset({ops.RESHAPE, ops.SQUEEZE, ops.EXPAND_DIMS, ops.TRANSPOSE})
"""Operators between a softmax and an output that only move its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """What one layer's own error alone does to the answer."""

    answer_loss: float
    """The task's loss (`Task.losses`, their weighted mean) over the images, were only this layer
    quantized; 0 when it moves no answer."""

    @property
    def answer_db(self) -> float:
        """-10 log10 of the loss, to stand beside signal to noise ratios; inf when it is 0."""
        return -10 * math.log10(self.answer_loss) if self.answer_loss > 0 else math.inf


def open_places(content: bytes, pairs: Sequence[AlignedOperators], answers: Sequence[int]) -> bytes:
    """The float model with an ADD behind each layer of `pairs`, and an input for what it adds.

    The inputs follow the model's own, in the order of `pairs`; the outputs are the tensors
    `answers`.

    Raises:
        ModelError: the file is damaged.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    graph = parse(content)
    behind = {pair.float_operator: pair.float_tensor for pair in pairs}
    places: dict[int, int] = {}
    operators = []
    for op in graph.operators:
        operators.append(op)
        if op.id not in behind:
            continue
        whole = behind[op.id]
        clean, error = (
            graph.add_tensor(_like(graph.tensors[whole], f"{role}_{op.id}"))
            for role in ("clean", "error")
        )
        op.outputs = [clean if t == whole else t for t in op.outputs]
        operators.append(
            Operator(
                name=ops.ADD,
                inputs=[clean, error],
                outputs=[whole],
                options_type=schema.BuiltinOptions.AddOptions,
                options=schema.AddOptionsT(),
            )
        )
        places[op.id] = error
    graph.operators = operators
    graph.inputs += [places[pair.float_operator] for pair in pairs]
    return with_outputs(graph, answers)


def answer_tensor(model: TfliteModel, loss: OutputLoss) -> int:
    """The tensor that `loss` is about: the output, or what the softmax or sigmoid behind it reads.

    Behind a softmax a sure answer hides errors.
    """
    tensor = model.outputs[loss.output]
    if not loss.before_activation:
        return tensor
    makers = {t: op for op in model.operators for t in op.outputs}
    while tensor in makers and makers[tensor].name in _MOVES:
        tensor = makers[tensor].inputs[0]
    return makers[tensor].inputs[0] if tensor in makers else tensor


class Influences(Closing):
    """Adds up, image by image, what each layer's own error does; use with `with`."""

    def __init__(
        self,
        content: bytes,
        model: TfliteModel,
        pairs: Sequence[AlignedOperators],
        losses: Sequence[OutputLoss],
        *,
        threads: int = 1,
    ) -> None:
        """Open the float model `content` with places behind the layers of `pairs`.

        Layers behind what the `losses` look at (a softmax) are left out: they cannot move it.
        """
        tensors = [answer_tensor(model, loss) for loss in losses]
        answers = tuple(dict.fromkeys(tensors))
        self._losses = [(answers.index(t), loss) for t, loss in zip(tensors, losses, strict=True)]
        self._pairs = [pair for pair in pairs if _reaches(model, pair.float_tensor, answers)]
        self._session = Session(open_places(content, self._pairs, answers), threads=threads)
        own = len(self._session.inputs) - len(self._pairs)
        self._input = self._session.inputs[0]
        self._places = self._session.inputs[own:]
        self._images = 0
        self._sums = dict.fromkeys((pair.float_tensor for pair in self._pairs), 0.0)

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()

    def add(self, snapshot: Snapshot) -> None:
        """One image more: the network is run once for each layer that has an error."""
        # The runtime keeps what an input holds from run to run.
        self._session.view(self._input)[...] = snapshot.fed
        for place in self._places:
            self._session.view(place)[...] = 0
        clean = self._answers()
        self._images += 1
        for pair, place in zip(self._pairs, self._places, strict=True):
            written = snapshot.layers[pair.float_tensor]
            error = written.real - written.reference
            if not error.any():
                continue
            self._session.view(place)[...] = error
            moved = self._answers()
            self._session.view(place)[...] = 0
            self._sums[pair.float_tensor] += self._loss(clean, moved)

    def result(self) -> dict[int, Influence]:
        """Float tensor -> its layer's influence."""
        count = max(1, self._images)
        return {t: Influence(answer_loss=total / count) for t, total in self._sums.items()}

    def _loss(self, clean: Sequence[FloatArray], moved: Sequence[FloatArray]) -> float:
        weights = sum(loss.weight for _, loss in self._losses)
        found = (loss.weight * loss.function(clean[at], moved[at]) for at, loss in self._losses)
        return sum(found) / weights

    def _answers(self) -> list[FloatArray]:
        self._session.invoke()
        return [self._copy(spec) for spec in self._session.outputs]

    def _copy(self, spec: TensorSpec) -> FloatArray:
        return np.array(self._session.view(spec), np.float32)


def _reaches(model: TfliteModel, tensor: int, answers: Sequence[int]) -> bool:
    """Whether what is written to `tensor` (in float) can move one of `answers`."""
    if model.tensors[tensor].dtype != "float32":
        return False
    moved = {tensor}
    for op in model.operators:
        if moved & set(op.inputs):
            moved |= set(op.outputs)
    return bool(moved & set(answers))


def _like(tensor: Tensor, name: str) -> Tensor:
    """A computed tensor with the shape and type of `tensor`."""
    return Tensor(name=name, shape=tensor.shape, dtype=tensor.dtype)
