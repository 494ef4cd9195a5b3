"""Small float networks in which one thing goes wrong in int8, and their twins in which it does not.

Each is quantized by our own quantizer with its corrections off, and compared on the same images.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.imageset import ImageSet, Item
from edgevision.evaluation.run_file import task_of_file
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tasks.task import Task
from edgevision.tensors import RgbImage
from edgevision.tflite.graph import Graph
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize
from edgevision.verify.diagnosis.cause import Diagnosis
from edgevision.verify.diagnosis.diagnose import diagnose
from edgevision.verify.layers.align import align
from edgevision.verify.layers.layer_error import LayerError, Sums
from edgevision.verify.layers.network import Network
from edgevision.verify.layers.snapshot import File, snapshots
from tests.quantize.builder import Builder

SIDE = 8
PREPROCESSING = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(127.5,))
PLAIN = Recipe(ranges="min-max", bias_correction=False)


def pictures(count: int = 6, seed: int = 0, *, contrast: float = 1.0) -> list[RgbImage]:
    noise = np.random.default_rng(seed).uniform(-127, 127, (count, SIDE, SIDE, 3))
    return list((127.5 + contrast * noise).astype(np.uint8))


def image_set(images: Sequence[RgbImage]) -> ImageSet:
    return ImageSet(
        path=Path("planted"),
        items=tuple(Item(str(at)) for at in range(len(images))),
        classes=(),
        load=lambda item: images[int(item.id)],
        digest=lambda item: item.id,
    )


def weights(*shape: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)


def files(
    graph: Graph, *, recipe: Recipe = PLAIN, calibration: Sequence[RgbImage] | None = None
) -> tuple[File, File]:
    """The float file, and the int8 file made of it."""
    content = serialize(graph)
    made = quantize(
        content,
        preprocessing=PREPROCESSING,
        images=lambda: pictures() if calibration is None else calibration,
        recipe=recipe,
    )
    return (
        File(content=content, model=read_model(content), preprocessing=PREPROCESSING),
        File(
            content=made.content, model=read_model(made.content), preprocessing=made.preprocessing
        ),
    )


def task_of(original: File) -> Task:
    """What the outputs of a float file mean, as far as it tells."""
    return task_of_file(original.content, preprocessing=original.preprocessing).task


def errors(
    original: File, quantized: File, images: Sequence[RgbImage] | None = None
) -> tuple[LayerError, ...]:
    pairs = align(original.model, quantized.model).pairs
    sums = [Sums(pair, original.model.tensors[pair.float_tensor].shape[-1]) for pair in pairs]
    shown = image_set(pictures() if images is None else images)
    for snapshot in snapshots(original, quantized, pairs, shown):
        for one in sums:
            one.add(snapshot.layers[one.pair.float_tensor])
    return tuple(one.result() for one in sums)


def cause(
    original: File, quantized: File, operator: int, images: Sequence[RgbImage] | None = None
) -> Diagnosis:
    """Cause of the error of the float file's operation number `operator`."""
    measured = errors(original, quantized, images)
    network = Network.of(original.model, quantized.model, measured)
    (layer,) = (one for one in measured if one.pair.float_operator == operator)
    return diagnose(layer, network)


def one_conv(factors: NDArray[np.float64], bias: NDArray[np.float64] | None = None) -> Graph:
    """A 3x3 convolution whose output channels are scaled by `factors`."""
    b = Builder((1, SIDE, SIDE, 3))
    kernel = weights(len(factors), 3, 3, 3) * factors[:, None, None, None]
    return b.finish(b.conv(b.graph.inputs[0], kernel, bias))


def gate(scale: float) -> Graph:
    """conv -> sigmoid -> times the conv's input stream; 1x1 weights of size `scale`."""
    b = Builder((1, SIDE, SIDE, 3))
    stream = b.conv(b.graph.inputs[0], weights(8, 1, 1, 3, seed=1), None)
    opening = b.conv(stream, scale * weights(8, 1, 1, 8, seed=2), None)
    opened = b.op("LOGISTIC", [opening], (1, SIDE, SIDE, 8))
    return b.finish(b.binary("MUL", stream, opened))


def two_branches(operation: str, scale: float) -> Graph:
    """Two convolutions joined by `operation`; the first one's output is `scale` of the other's."""
    b = Builder((1, SIDE, SIDE, 3))
    first = b.conv(b.graph.inputs[0], scale * weights(8, 1, 1, 3, seed=1), None)
    second = b.conv(b.graph.inputs[0], weights(8, 1, 1, 3, seed=2), None)
    if operation == "CONCATENATION":
        return b.finish(b.concat(first, second))
    return b.finish(b.binary(operation, first, second))


def classifier(outlier: float = 1.0) -> Graph:
    """conv (channel 3 scaled by `outlier`) - pointwise (which scales it back) - mean - dense."""
    b = Builder((1, SIDE, SIDE, 3))
    kernel, mixing = weights(16, 3, 3, 3, seed=1), weights(16, 1, 1, 16, seed=2)
    kernel[3] *= outlier
    mixing[..., 3] /= outlier
    x = b.conv(b.graph.inputs[0], kernel, None, activation=1)
    x = b.conv(x, mixing, None, activation=1)
    return b.finish(b.softmax(b.dense(b.mean(x), 12 * weights(5, 16, seed=3), np.zeros(5))))


def depthwise_classifier(outlier: float) -> Graph:
    """As `classifier`, with a depthwise layer that scales channel 3 back."""
    b = Builder((1, SIDE, SIDE, 3))
    kernel, spread = weights(16, 3, 3, 3, seed=1), weights(1, 3, 3, 16, seed=2)
    kernel[3] *= outlier
    spread[..., 3] /= outlier
    x = b.conv(b.graph.inputs[0], kernel, None, activation=1)
    x = b.conv(x, spread, None, depthwise=True, activation=1)
    return b.finish(b.softmax(b.dense(b.mean(x), 12 * weights(5, 16, seed=3), np.zeros(5))))


def regressor(*, outputs: int = 1) -> Graph:
    """conv (channel 3 far too large) - pointwise - mean - one or two dense layers, no softmax."""
    b = Builder((1, SIDE, SIDE, 3))
    kernel, mixing = weights(16, 3, 3, 3, seed=1), weights(16, 1, 1, 16, seed=2)
    kernel[3] *= 60
    mixing[..., 3] /= 60
    x = b.conv(b.graph.inputs[0], kernel, None, activation=1)
    x = b.mean(b.conv(x, mixing, None, activation=1))
    heads = [b.dense(x, 30 * weights(1 + 3 * at, 16, seed=3 + at)) for at in range(outputs)]
    return b.finish(*heads)
