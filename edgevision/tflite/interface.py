"""The inputs and outputs of a `.tflite` as an application meets them, and its arithmetic."""

from dataclasses import dataclass
from typing import Annotated, Literal

from edgevision.serialization.schema import Form

Activation = Literal["softmax", "sigmoid", "logits"]
Precision = Literal["float32", "fp16", "dynamic", "int8", "uint8", "int16x8", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInterface:
    """An input or output of the file as an application meets it."""

    name: str
    shape: Annotated[tuple[int, ...], Form(max_items=8)]
    dtype: str
    """ "float32", "uint8", "int8", ..."""
    scale: float | None = None
    """real = scale * (stored - zero_point); None for real tensors."""
    zero_point: int | None = None
