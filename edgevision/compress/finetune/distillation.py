"""Knowledge distillation: the loss against the original's answers, and the labels if known.

KL divergence between softened answers: Hinton et al. 2015, https://arxiv.org/abs/1503.02531
"""

from typing import Any, Literal, TypeAlias

import keras

from edgevision.compress.graph.trace import Call, SymbolicTensor, trace
from edgevision.compress.rules.rule import kind

Answer: TypeAlias = Literal["softmax", "sigmoid", "logits", "numbers"]
"""What a model's output means: probabilities of one class of several, of each class by itself,
the numbers before softmax, or anything else (boxes, maps), which is compared as it is."""

_SMALL = 1e-7


def answers_of(model: Any) -> tuple[Answer, ...]:
    """What each output of a functional model means, by the operation that makes it."""
    traced = trace(model)
    makers = {symbol: call for call in traced.calls for symbol in call.outputs}
    return tuple(_answer(symbol, makers.get(symbol)) for symbol in traced.output_symbols)


def _answer(symbol: SymbolicTensor, maker: Call | None) -> Answer:
    operation = maker.operation if maker is not None else None
    name = getattr(getattr(operation, "activation", None), "__name__", "")
    if name == "softmax" or kind(operation) in {"layers.Softmax", "ops.Softmax"}:
        return "softmax"
    if name == "sigmoid" or kind(operation) == "ops.Sigmoid":
        return "sigmoid"
    return "logits" if len(symbol.shape) == 2 and (symbol.shape[1] or 0) > 1 else "numbers"


def distance(student: Any, teacher: Any, answer: Answer, temperature: float) -> Any:
    """How far the student's outputs are from the teacher's: a scalar tensor, mean over images."""
    ops = keras.ops
    if answer == "numbers":
        return ops.mean(ops.square(student - teacher))
    if answer == "sigmoid":
        clipped = ops.clip(student, _SMALL, 1 - _SMALL)
        return ops.mean(keras.losses.binary_crossentropy(teacher, clipped))
    # The square keeps gradients as large as they are without softening (Hinton et al., 2).
    ours, theirs = (
        ops.log_softmax(logits(output, answer) / temperature) for output in (student, teacher)
    )
    divergence = ops.sum(ops.exp(theirs) * (theirs - ours), axis=-1)
    return ops.mean(divergence) * temperature**2


def label_loss(outputs: Any, labels: Any, answer: Answer) -> Any:
    """Cross-entropy with integer labels, a scalar tensor; only for one class of several."""
    return keras.ops.mean(
        keras.losses.sparse_categorical_crossentropy(
            labels, logits(outputs, answer), from_logits=True
        )
    )


def logits(outputs: Any, answer: Answer) -> Any:
    """Numbers whose softmax is the model's answer."""
    if answer == "softmax":
        # The logarithm of probabilities is as good as the logits: they differ by a constant.
        return keras.ops.log(keras.ops.clip(outputs, _SMALL, 1.0))
    return outputs
