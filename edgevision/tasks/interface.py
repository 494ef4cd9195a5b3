"""What a task is told of a model, and what it is handed of each image: shapes, orders, meanings."""

import math
from dataclasses import dataclass
from typing import Any, Literal, NewType, TypeAlias

from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tensors import FloatArray

Outputs: TypeAlias = tuple[FloatArray, ...]
"""Real values of a model's outputs for one image, in the model's order, without the batch axis."""

Condensed = NewType("Condensed", tuple[NDArray[Any], ...])
"""What a task keeps of one image's `Outputs` (`Task.condense`), or of a whole image set, stacked.

Of one image, the arrays have the same shapes and dtypes for every image, so that they stack to
(images, ...). Only the task that made them knows what they mean.
"""

Activation = Literal["softmax", "sigmoid", "logits"]
"""What scores are: probabilities of exclusive classes, of independent ones, or before either."""

Maker = Literal["softmax", "sigmoid", "linear", "detection-postprocess", "other"]
"""The operator that an output comes from, moves of data (reshape, dequantize, ...) looked through.

linear: a convolution or dense layer without an activation, whose values are logits if they are
scores. other: anything else, and what nobody looked up.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSize:
    """Size of the picture that an answer is about, upright and before preprocessing, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputInterface:
    """One output of a model as its file states it."""

    name: str
    shape: tuple[int, ...]
    """With the batch axis, as in the file: (1, 1000)."""
    dtype: str = "float32"
    """Of the file; `Outputs` are real numbers whatever it is."""
    maker: Maker = "other"

    @property
    def size(self) -> int:
        """Numbers for each image."""
        return math.prod(self.shape)

    @property
    def is_vector(self) -> bool:
        """Whether it is one row of numbers: (1, C), or with more sides of 1."""
        return self.size == max(self.shape, default=1)

    @property
    def activation(self) -> Activation | None:
        """What its values are if they are scores, as far as the file tells; None if it does not."""
        if self.maker in {"softmax", "sigmoid"}:
            return "softmax" if self.maker == "softmax" else "sigmoid"
        return "logits" if self.maker == "linear" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInterface:
    """What a task may know of a model: what comes out, and how a picture went in."""

    outputs: tuple[OutputInterface, ...]
    """In the model's order."""
    preprocessing: ImagePreprocessing | None = None
    """For tasks whose answers have a place in the picture; None where nobody declared it."""


def listed_shapes(outputs: tuple[OutputInterface, ...]) -> str:
    """For errors: "1x10 and 1x4"."""
    shapes = ["x".join(str(side) for side in output.shape) or "()" for output in outputs]
    return " and ".join(shapes) or "nothing"
