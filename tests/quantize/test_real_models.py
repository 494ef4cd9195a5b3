"""The real models beside the checkout: converted once, quantized, held against their float file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.convert.convert import convert
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.metrics.signal import sqnr_db
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import from_option
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.predict import pixels_of, scores_of
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray, Pixels

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Scores of the float and the integer file on the evaluation images."""

    reference: FloatArray
    ours: FloatArray
    labels: NDArray[np.int64]

    @property
    def agreement(self) -> float:
        return float((self.reference.argmax(1) == self.ours.argmax(1)).mean())

    @property
    def accuracy(self) -> float:
        return float((self.ours.argmax(1) == self.labels).mean())


def quantized(
    source: Path, preset: str, calibration: Path, evaluation: Path, folder: Path
) -> Result:
    path = folder / "float32.tflite"
    convert(source, path)
    with Session(path) as session:
        _, height, width, channels = session.inputs[0].shape
    preprocessing = from_option(preset).preprocessing(width=width, height=height, channels=channels)
    photos = list(pixels_of(open_image_set(calibration), preprocessing))
    made = quantize(
        path, preprocessing=preprocessing, images=lambda: photos, recipe=Recipe(quality="balanced")
    )
    judged = open_image_set(evaluation)
    pixels = list(pixels_of(judged, preprocessing))
    return Result(
        reference=_scores(path, preprocessing, pixels),
        ours=_scores(made.content, made.preprocessing, pixels),
        labels=np.asarray(judged.class_indices),
    )


def _scores(
    model: Path | bytes, preprocessing: ImagePreprocessing, pixels: list[Pixels]
) -> FloatArray:
    with Session(model) as session:
        return scores_of(session, preprocessing, pixels)


def test_mobilenet_v2_answers_like_its_float_model(shared: Path, tmp_path: Path) -> None:
    result = quantized(
        shared / "models" / "mobilenet_v2_1.0_224_imagenet.keras",
        "imagenet-torch",
        shared / "photos" / "calibration",
        shared / "photos" / "evaluation",
        tmp_path,
    )
    assert result.agreement >= 0.95
    assert sqnr_db(result.reference, result.ours) > 15


def test_resnet8_keeps_its_accuracy(shared: Path, tmp_path: Path) -> None:
    result = quantized(
        shared / "models" / "mlperf_resnet8_cifar10.h5",
        "raw",
        shared / "cifar10" / "calibration.npz",
        shared / "cifar10" / "evaluation.npz",
        tmp_path,
    )
    assert result.agreement >= 0.975
    assert result.accuracy >= 0.866
