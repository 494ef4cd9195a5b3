"""Gradients of a model's loss on data, for Taylor importance."""

from typing import Any

import keras
import numpy as np

from edgevision.compress.finetune.distillation import answers_of, label_loss
from edgevision.compress.finetune.examples import Examples
from edgevision.compress.importance.scores import Gradients
from edgevision.errors import UsageError
from edgevision.progress import Progress, silent

_IMAGES = 512
"""Images that scores are taken on; a mean over more batches changes the ranking little."""


def gradients_on(
    model: Any,
    examples: Examples,
    *,
    batch_size: int = 32,
    seed: int = 0,
    progress: Progress = silent,
) -> Gradients:
    """Per batch, the gradient of the cross-entropy by `id` of each trainable variable.

    Without labels, the class that the model itself finds most likely stands in: the divergence
    from its own answers would have no gradient at all.

    Raises:
        UsageError: the model does not choose between classes.
    """
    import tensorflow as tf

    answers = answers_of(model)
    if len(answers) != 1 or answers[0] not in {"softmax", "logits"}:
        message = f"importance taylor needs a model that chooses one class; this answers {answers}"
        raise UsageError(message, hint="choose --importance l1, l2 or bn")
    order = np.random.default_rng(seed).permutation(examples.count)[:_IMAGES]
    variables = [weight for weight in model.weights if "seed" not in weight.name]
    variables = [weight for weight in variables if np.issubdtype(weight.dtype, np.floating)]
    result: Gradients = []
    for start in range(0, len(order), batch_size):
        indices = order[start : start + batch_size]
        batch = examples.batch(indices)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            outputs = keras.tree.flatten(model(batch, training=False))[0]
            labels = (
                np.asarray(outputs).argmax(-1)
                if examples.labels is None
                else examples.labels[indices]
            )
            loss = label_loss(outputs, labels, answers[0])
        found = tape.gradient(loss, [variable.value for variable in variables])
        result.append(
            {
                id(variable): np.asarray(gradient)
                for variable, gradient in zip(variables, found, strict=True)
                if gradient is not None
            }
        )
        progress(min(start + batch_size, len(order)), len(order), "scoring channels")
    return result
