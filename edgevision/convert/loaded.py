"""A model in memory, ready to be traced, whichever library loaded it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.convert.job import Loader, ModelInput
from edgevision.errors import ModelError, UsageError
from edgevision.tflite.envelope.signature import SERVING_DEFAULT

TRAINING_ONLY = (
    "Dropout",
    "SpatialDropout",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "ActivityRegularization",
    "RandAugment",
    "AugMix",
    "MixUp",
    "CutMix",
)
"""Class names (or their beginnings) of layers that do nothing at inference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTensor:
    """One output of the model as a tensor of TensorFlow."""

    name: str
    """As the signature is to have it."""
    layer: str
    """The layer that makes it, for the tensor's own name; the output's name where none is known."""
    tensor: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What tracing, checking and reporting need to know of a model."""

    loader: Loader
    inputs: tuple[ModelInput, ...]
    call: Callable[[Sequence[Any]], Sequence[NamedTensor]]
    """One tensor per input -> one per output, in inference mode."""
    layers: tuple[str, ...]
    """Layer names; a layer inside a nested model is "inner/conv". Empty for a SavedModel."""
    training_only: tuple[str, ...]
    """Of `layers`, those that do nothing at inference and leave no trace in the result."""
    variables: tuple[Any, ...]
    """The framework's variables, so that tracing can put their values in their place."""
    weights: Callable[[], Iterator[tuple[str, NDArray[Any]]]]
    """(layer and weight name, values) one at a time."""
    versions: dict[str, str]
    signature: str = SERVING_DEFAULT
    """The key of the signature that is called."""
    warnings: tuple[str, ...] = ()


def is_training_only(kind: str) -> bool:
    """Whether a layer of class `kind` does nothing at inference.

    RandomCrop is not among them: the layers after it depend on the size it was to deliver.
    """
    if kind.startswith("Random"):
        return kind != "RandomCrop"
    return kind.startswith(TRAINING_ONLY)


def fixed_shape(
    name: str, shape: Sequence[int | None], wanted: tuple[int, int, int] | None
) -> tuple[int, ...]:
    """The input's shape with batch 1 and the open sides taken from `wanted`.

    Args:
        name: of the input, for the error.
        shape: as the model declares it, None where it leaves a side open; the batch comes first.
        wanted: (height, width, channels) from the command line.

    Raises:
        UsageError: a side is open and `wanted` is missing, or `wanted` contradicts the model.
    """
    sides = list(shape[1:])
    if wanted is not None and len(sides) == 3:
        for declared, asked in zip(sides, wanted, strict=True):
            if declared is not None and declared != asked:
                message = (
                    f"the model's input {name!r} is {_text(sides)} (height x width x channels),"
                    f" not {_text(wanted)}"
                )
                raise UsageError(message, hint="leave --input-shape out, or retrain at that size")
        sides = list(wanted)
    if any(side is None for side in sides):
        message = f"the model's input {name!r} leaves its size open: {_text(sides)}"
        raise UsageError(message, hint=shape_hint(sides))
    return (1, *(int(side) for side in sides if side is not None))


def shape_hint(sides: Sequence[int | None] = (None, None, 3)) -> str:
    """How to say the input's size, with what is known of it filled in."""
    example = [side or fill for side, fill in zip(sides, (224, 224, 3), strict=False)]
    return "say it, for example --input-shape " + "x".join(str(side) for side in example)


def check_finite(loaded: Loaded) -> None:
    """Raise when a weight is not a number: the converter would crash or hide it.

    Raises:
        ModelError: names the layer and the weight.
    """
    for name, values in loaded.weights():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            bad = int(np.count_nonzero(~np.isfinite(values)))
            message = f"weight {name!r} has {bad} of {values.size} values that are NaN or infinite"
            raise ModelError(
                message, hint="train again: lower the learning rate, or clip gradients"
            )


def _text(sides: Sequence[int | None]) -> str:
    return "x".join("?" if side is None else str(side) for side in sides)
