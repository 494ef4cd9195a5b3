"""How much each layer's own error alone moves the answer: it is put into the float model.

A small error may ruin the answer and a large one may vanish on its way; only running the rest of
the network tells. The float model gets a place behind each layer where an error can be added.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.runtime.closing import Closing
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tasks.loss import OutputLoss
from edgevision.tensors import FloatArray
from edgevision.tflite.view import TfliteModel
from edgevision.verify.layers.align import AlignedOperators
from edgevision.verify.layers.isolated_ops import open_for_editing, packed
from edgevision.verify.layers.snapshot import Snapshot

_MOVES = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE"})
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
        ModelError: the model has control flow.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    schema, model = open_for_editing(content)
    graph = model.subgraphs[0]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
    code.version = 1
    model.operatorCodes.append(code)
    behind = {pair.float_operator: pair.float_tensor for pair in pairs}
    places: dict[int, int] = {}
    operators = []
    for index, operator in enumerate(graph.operators):
        operators.append(operator)
        if index not in behind:
            continue
        whole = behind[index]
        clean, error = (
            _like(schema, graph, graph.tensors[whole], f"{role}_{index}")
            for role in ("clean", "error")
        )
        operator.outputs = [clean if int(t) == whole else int(t) for t in operator.outputs]
        addition = schema.OperatorT()
        addition.opcodeIndex = len(model.operatorCodes) - 1
        addition.inputs, addition.outputs = [clean, error], [whole]
        addition.builtinOptionsType = schema.BuiltinOptions.AddOptions
        addition.builtinOptions = schema.AddOptionsT()
        operators.append(addition)
        places[index] = error
    graph.operators = operators
    graph.inputs = [*graph.inputs, *(places[pair.float_operator] for pair in pairs)]
    graph.outputs = list(answers)
    return packed(model, len(content))


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


def _like(schema: Any, graph: Any, tensor: Any, name: str) -> int:
    """Index of a new tensor with the shape and type of `tensor`."""
    fresh = schema.TensorT()
    fresh.shape, fresh.type, fresh.hasRank = tensor.shape, tensor.type, tensor.hasRank
    fresh.name, fresh.buffer = name, 0
    graph.tensors.append(fresh)
    return len(graph.tensors) - 1
