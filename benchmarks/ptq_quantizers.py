"""The quantizers that compare_ptq.py compares: ours and its peers, each as its users run it."""

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from numpy.typing import NDArray
from scores import scores_of

from edgevision.bench.timing.case import Timeable
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import RECIPES
from edgevision.recipe.recipe import Quality, Recipe
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray, Pixels


@dataclass(frozen=True, kw_only=True)
class Made:
    """A quantized model, and how it is used."""

    size_bytes: int
    cpu_seconds: float
    """Of all threads, to quantize a float model from images in memory; importing libraries not
    counted. The processor's time, because a busy machine stretches the clock's."""
    open: Callable[[], Timeable]
    """Open it for timing, one thread."""
    scores: Callable[[Sequence[Pixels]], FloatArray]


@dataclass(kw_only=True)
class Given:
    """What every quantizer starts from."""

    keras_file: Path
    float_file: Path
    preprocessing: ImagePreprocessing

    @cached_property
    def keras_model(self) -> Any:
        """Loaded, with the batch fixed to 1."""
        import keras

        class DepthwiseConv2D(keras.layers.DepthwiseConv2D):  # type: ignore[misc]
            """Of Keras 2, which wrote an argument that Keras 3 refuses."""

            def __init__(self, *args: Any, groups: int = 1, **rest: Any) -> None:
                del groups
                super().__init__(*args, **rest)

        model = keras.models.load_model(
            self.keras_file, compile=False, custom_objects={"DepthwiseConv2D": DepthwiseConv2D}
        )
        given = keras.Input(batch_shape=(1, *model.input_shape[1:]))
        return keras.Model(given, model(given, training=False))

    @cached_property
    def signed_file(self) -> bytes:
        """The float model with a signature, without which ai-edge-quantizer cannot feed it."""
        import tensorflow as tf

        content: bytes = tf.lite.TFLiteConverter.from_keras_model(self.keras_model).convert()
        return content

    def real(self, images: Sequence[Pixels]) -> Iterator[NDArray[Any]]:
        """(1, height, width, 3) float32 inputs of the float model."""
        for pixels in images:
            yield normalize(pixels, self.preprocessing)[None]


Quantizer = Callable[[Given, Sequence[Pixels]], Made]


def of_file(content: bytes, preprocessing: ImagePreprocessing, cpu_seconds: float) -> Made:
    def scores(images: Sequence[Pixels]) -> FloatArray:
        return scores_of(content, preprocessing, images)

    return Made(
        size_bytes=len(content),
        cpu_seconds=cpu_seconds,
        open=lambda: Session(content),
        scores=scores,
    )


def float_model(given: Given) -> Made:
    return of_file(given.float_file.read_bytes(), given.preprocessing, 0.0)


def tflite_converter(given: Given, images: Sequence[Pixels]) -> Made:
    """As the guide of LiteRT says: full integer, pixels in, real numbers out."""
    import tensorflow as tf

    model = given.keras_model
    begun = time.process_time()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([array] for array in given.real(images))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    content = converter.convert()
    return of_file(content, given.preprocessing, time.process_time() - begun)


def ai_edge_quantizer(given: Given, images: Sequence[Pixels]) -> Made:
    """Its recipe static_wi8_ai8 with default calibration."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    signed = given.signed_file
    (key, signature), *_ = Interpreter(model_content=signed).get_signature_list().items()
    (name,) = signature["inputs"]
    begun = time.process_time()
    one = quantizer.Quantizer(bytearray(signed), recipe.static_wi8_ai8())
    found = one.calibrate({key: [{name: array} for array in given.real(images)]})
    content = bytes(one.quantize(found).quantized_model)
    return of_file(content, given.preprocessing, time.process_time() - begun)


def nncf(given: Given, images: Sequence[Pixels]) -> Made:
    """Its defaults, on OpenVINO's reading of the float `.tflite`."""
    import nncf as library
    import openvino
    from openvino_model import OpenVinoModel, size_bytes

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.tflite"
        path.write_bytes(given.float_file.read_bytes())
        begun = time.process_time()
        model = openvino.Core().read_model(path)
        made = library.quantize(
            model, library.Dataset(list(given.real(images))), subset_size=len(images)
        )
        cpu_seconds = time.process_time() - begun
    return Made(
        size_bytes=size_bytes(made),
        cpu_seconds=cpu_seconds,
        open=lambda: OpenVinoModel(made),
        scores=lambda scored: OpenVinoModel(made).scores(given.preprocessing, scored),
    )


def ours(recipe: Recipe) -> Quantizer:
    def run(given: Given, images: Sequence[Pixels]) -> Made:
        begun = time.process_time()
        made = quantize(
            given.float_file,
            preprocessing=given.preprocessing,
            images=lambda: images,
            recipe=recipe,
        )
        return of_file(made.content, made.preprocessing, time.process_time() - begun)

    return run


def quantizers() -> dict[str, Quantizer]:
    """By the name in the table; NNCF only where it is installed."""
    found = {"TFLiteConverter": tflite_converter, "ai-edge-quantizer": ai_edge_quantizer}
    if all(importlib.util.find_spec(name) for name in ("nncf", "openvino")):
        found["NNCF (OpenVINO)"] = nncf
    qualities = get_args(Quality)
    return found | {
        f"ours {name}": ours(replace(RECIPES["int8"], quality=name)) for name in qualities
    }
