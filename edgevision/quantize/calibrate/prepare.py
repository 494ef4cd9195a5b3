"""The float model made ready: checked, rewritten where that is exact, its images fed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ImageSetError, ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.quantize.assign import affine
from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.calibrate.statistics import Feed
from edgevision.quantize.step import RewriteStep, Scope, Step, is_on
from edgevision.quantize.transforms.explicit_normalization import with_explicit_normalization
from edgevision.quantize.transforms.input_affine import pixel_preprocessing, remainder
from edgevision.recipe.recipe import Recipe
from edgevision.tensors import Pixels
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph

Item: TypeAlias = Pixels | tuple[NDArray[Any], ...]
"""One calibration image; for a model of several inputs, one array for each of them."""

Images: TypeAlias = Callable[[], Iterable[Item]]
"""Called whenever the images are to be seen again; yields one at a time."""


def check_float(graph: Graph) -> None:
    """Refuse a model that is quantized already, in part or whole.

    Raises:
        ModelError: naming what it found.
    """
    for op in graph.operators:
        if op.name in ops.CONVERSIONS | {ops.FAKE_QUANT}:
            message = f"the model is quantized already: it holds the operator {op.name}"
            raise ModelError(message, hint="quantize the float32 .tflite it was made from")
    for tensor in graph.tensors:
        if tensor.scales is not None and tensor.dtype is not None and tensor.dtype.kind in "iu":
            message = f"the model is quantized already: {tensor.name!r} is {tensor.dtype}"
            raise ModelError(message, hint="quantize the float32 .tflite it was made from")
    if not any(graph.is_float(t) for op in graph.operators for t in op.outputs):
        message = "the model computes nothing in float32"
        raise ModelError(message, hint="edgevision inspect shows what the file holds")


def prepare(
    graph: Graph, preprocessing: ImagePreprocessing, recipe: Recipe, steps: Sequence[Step]
) -> Prepared:
    """Find the image input, and have the graph do what the file's input will not say.

    Args:
        graph: the float model.
        preprocessing: of `graph`.
        recipe: what its input shall be.
        steps: of which the `RewriteStep`s that are on are done.

    Raises:
        ModelError: no input has the size and channels that preprocessing makes, or it is not real.
    """
    shape = (1, preprocessing.height, preprocessing.width, preprocessing.channels)
    shapes = [graph.tensors[t].shape for t in graph.inputs]
    if shape not in shapes:
        message = f"no input of the model is {shape}, which preprocessing makes; found {shapes}"
        raise ModelError(message, hint="state the model's own width, height and colour order")
    image = graph.tensors[graph.inputs[shapes.index(shape)]]
    if image.dtype != np.float32:
        message = f"the input {image.name!r} is {image.dtype} and is computed with as such"
        raise ModelError(message, hint="give the model a float32 Input, or cast it to float first")
    held = preprocessing if recipe.input_type == "float32" else pixel_preprocessing(preprocessing)
    prepared = Prepared(
        graph=graph,
        image_input=shapes.index(shape),
        preprocessing=held,
        unfolded=remainder(preprocessing, held),
    )
    for step in steps:
        scope = Scope(graph=prepared.graph, recipe=recipe)
        if isinstance(step, RewriteStep) and is_on(step, scope):
            prepared = step.apply(prepared)
    return with_explicit_normalization(prepared)


def feeds(prepared: Prepared, images: Images) -> Iterator[Feed]:
    """What the inputs of the prepared graph hold for each image.

    Raises:
        ImageSetError: an item does not fit the inputs.
    """
    inputs = [prepared.graph.tensors[t] for t in prepared.graph.inputs]
    for number, item in enumerate(images(), 1):
        arrays = item if isinstance(item, tuple) else (item,)
        if len(arrays) != len(inputs):
            message = f"calibration item {number} has {len(arrays)} arrays for {len(inputs)} inputs"
            raise ImageSetError(message, hint="yield one tuple of arrays per item")
        fed = []
        for at, (array, tensor) in enumerate(zip(arrays, inputs, strict=True)):
            value = array
            if at == prepared.image_input and array.dtype == np.uint8:
                value = normalize(array, prepared.preprocessing)
            if value.shape == tensor.shape[1:]:
                value = value[None]
            if value.shape != tensor.shape:
                message = (
                    f"calibration item {number} is {array.shape} for the input "
                    f"{tensor.name!r} of shape {tensor.shape}"
                )
                raise ImageSetError(message)
            fed.append(value)
        yield tuple(fed)


def as_integers(graph: Graph, feed: Feed) -> Feed:
    """What the inputs of the integer `graph` hold where the float graph's hold `feed`."""
    inputs = [graph.tensors[t] for t in graph.inputs]
    return tuple(
        value
        if tensor.scales is None or tensor.dtype is None
        else affine.quantize_constant(value, tensor.scales, tensor.dtype)
        for value, tensor in zip(feed, inputs, strict=True)
    )
