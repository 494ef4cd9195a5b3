"""Ranges of a float model's activations on real images, by which a calibration set is checked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgevision.dataset.calibration.stability import Range
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tflite.read import read_model


def mean_ranges(
    model: Path,
    preprocessing: ImagePreprocessing,
    images: ImageSet,
    items: Sequence[Item],
    *,
    progress: Progress = silent,
) -> dict[str, Range]:
    """By activation tensor: the mean over `items` of its smallest and of its largest value.

    Zero is always inside a range, as it is in a quantized tensor.

    Raises:
        ModelError: the model is not a float model, or does not take these images.
        ImageSetError: an image cannot be decoded.
    """
    facts = read_model(model)
    outputs = sorted({index for operator in facts.operators for index in operator.outputs})
    activations = [facts.tensors[index] for index in outputs if facts.tensors[index].elements]
    watched = [tensor for tensor in activations if tensor.dtype == "float32"]
    # An integer model has a float tensor or two at its ends, which tell nothing of the rest.
    if 2 * len(watched) <= len(activations):
        message = f"{model} computes in integers: {len(watched)} of {len(activations)} are float"
        raise ModelError(message, hint="give the float .tflite, before quantization")
    sums = np.zeros((len(watched), 2))
    with Session(model, keep_all_tensors=True) as session:
        encode = InputEncoder(session.inputs[0], preprocessing)
        for done, item in enumerate(items, start=1):
            session.run(encode(to_pixels(images.load(item), preprocessing)))
            for row, tensor in enumerate(watched):
                values = session.tensor(tensor.index)
                sums[row] += min(0.0, float(values.min())), max(0.0, float(values.max()))
            progress(done, len(items), "observing activations")
    means = sums / len(items)
    return {
        f"{tensor.name} ({tensor.index})": (float(low), float(high))
        for tensor, (low, high) in zip(watched, means, strict=True)
    }
