"""How much each layer's own error alone moves the answer: it is put into the float model.

A small error may ruin the answer and a large one may vanish on its way; only running the rest of
the network tells. The float model gets a place behind each layer where an error can be added.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.runtime.closing import Closing
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tensors import FloatArray
from edgevision.tflite import ops, schema
from edgevision.tflite.extract import with_outputs
from edgevision.tflite.graph import Operator, Tensor
from edgevision.tflite.parse import parse
from edgevision.tflite.view import TfliteModel
from edgevision.verify.layers.align import AlignedOperators
from edgevision.verify.layers.layer_error import decibels, power
from edgevision.verify.layers.snapshot import Snapshot

_LAST = frozenset({ops.SOFTMAX, ops.LOGISTIC, ops.RESHAPE, ops.LOG_SOFTMAX})
"""Operations before which the answer is looked at: behind a softmax a sure answer hides errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """What one layer's own error alone does to the answer."""

    answer_sqnr_db: float
    """Of the scores before softmax, were only this layer quantized; inf when it does nothing."""


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


def answer_tensors(model: TfliteModel) -> tuple[int, ...]:
    """The scores before softmax; the outputs themselves where there is none."""
    makers = {t: op for op in model.operators for t in op.outputs}
    found = []
    for output in model.outputs:
        t = output
        while t in makers and makers[t].name in _LAST and makers[t].inputs[0] in makers:
            t = makers[t].inputs[0]
        found.append(t)
    return tuple(dict.fromkeys(found))


class Influences(Closing):
    """Adds up, image by image, what each layer's own error does; use with `with`."""

    def __init__(
        self,
        content: bytes,
        model: TfliteModel,
        pairs: Sequence[AlignedOperators],
        *,
        threads: int = 1,
    ) -> None:
        """Open the float model `content` with places behind the layers of `pairs`.

        Layers behind the scores (a softmax) are left out: they cannot move them.
        """
        answers = answer_tensors(model)
        self._pairs = [pair for pair in pairs if _reaches(model, pair.float_tensor, answers)]
        self._session = Session(open_places(content, self._pairs, answers), threads=threads)
        own = len(self._session.inputs) - len(self._pairs)
        self._input = self._session.inputs[0]
        self._places = self._session.inputs[own:]
        self._signal = 0.0
        self._noise = dict.fromkeys((pair.float_tensor for pair in self._pairs), 0.0)

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
        self._signal += sum(power(one) for one in clean)
        for pair, place in zip(self._pairs, self._places, strict=True):
            written = snapshot.layers[pair.float_tensor]
            error = written.real - written.reference
            if not error.any():
                continue
            self._session.view(place)[...] = error
            moved = self._answers()
            self._session.view(place)[...] = 0
            self._noise[pair.float_tensor] += sum(
                power(one - other) for one, other in zip(moved, clean, strict=True)
            )

    def result(self) -> dict[int, Influence]:
        """Float tensor -> its layer's influence."""
        return {
            t: Influence(answer_sqnr_db=decibels(self._signal, noise))
            for t, noise in self._noise.items()
        }

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
