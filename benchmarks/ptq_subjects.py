"""The models that compare_ptq.py compares, each with its preprocessing and images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevision.convert.convert import convert
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.preprocess.presets import PRESETS
from edgevision.tensors import Pixels, RgbImage

CORNER = 0.85
"""Part of a photo's sides that a view from one of its corners shows."""


PUBLISHED_SIDE = 96
"""Width and height to which fit_cifar_heads.py enlarges CIFAR-10's pictures."""


NETS = (
    ("efficientnet_like", 32, "imagenet-tf"),
    ("mobilenetv3_like", 32, "imagenet-tf"),
    ("efficientnet_b0", PUBLISHED_SIDE, "imagenet-torch"),
    ("mobilenet_v3", PUBLISHED_SIDE, "imagenet-torch"),
)
"""(name, side, preset) of what train_cifar_nets.py and fit_cifar_heads.py write."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """What a model is calibrated from and scored on."""

    pool: Path
    """Calibration images are drawn from this set."""
    evaluation: Path
    has_views: bool
    """Agreement is counted on `further_views` of the pictures too, not on the pictures alone."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One trained model and its pictures."""

    name: str
    source: Path
    """Keras file, or PyTorch weights of EfficientNet-Lite0."""
    side: int
    """Width and height of the input, in pixels."""
    preset: str
    pictures: Pictures
    has_labels: bool = True
    """Whether the pictures' labels are this model's classes."""

    @property
    def preprocessing(self) -> ImagePreprocessing:
        """Its preprocessing."""
        return preprocessing_of(self.side, self.preset)


def preprocessing_of(side: int, preset_name: str) -> ImagePreprocessing:
    """Stretched to a square of `side` pixels, normalized as the preset says."""
    preset = PRESETS[preset_name]
    return ImagePreprocessing(
        width=side,
        height=side,
        fit="stretch",
        color=preset.color,
        mean=preset.mean,
        std=preset.std,
    )


@dataclass(frozen=True, kw_only=True)
class Images:
    """What a subject is calibrated from and scored on, as pixels in memory."""

    pool: list[Pixels]
    scored: list[Pixels]
    """The pictures themselves first, then their further views."""
    picture_of: NDArray[np.int64]
    """For each of `scored`, which picture it shows."""
    labels: NDArray[np.int64] | None
    """Of the pictures; None when they have none that fit the model."""


def subjects(
    data: Path, nets: Path | None, lite0: Path | None, cifar10_evaluation: Path | None = None
) -> dict[str, Subject]:
    """By name: those of `data` (../shared/data), of train_cifar_nets.py and of a wheel.

    `cifar10_evaluation` takes the place of the 1,000 images in `data`.
    """
    models = data / "models"
    photos = Pictures(
        pool=data / "photos" / "calibration",
        evaluation=data / "photos" / "evaluation",
        has_views=True,
    )
    cifar10 = Pictures(
        pool=data / "cifar10" / "calibration.npz",
        evaluation=cifar10_evaluation or data / "cifar10" / "evaluation.npz",
        has_views=False,
    )
    rows: list[tuple[str, Path, int, str, Pictures]] = [
        (
            "mobilenet_v2",
            models / "mobilenet_v2_1.0_224_imagenet.keras",
            224,
            "imagenet-torch",
            photos,
        ),
        (
            "mobilenet_v1_0.25",
            models / "mobilenet_v1_0.25_224_imagenet.h5",
            224,
            "imagenet-tf",
            photos,
        ),
        ("resnet8", models / "mlperf_resnet8_cifar10.h5", 32, "raw", cifar10),
        ("vww", models / "mlperf_vww_96.h5", 96, "unit", photos),
    ]
    if lite0:
        rows.append(("efficientnet_lite0", lite0, 224, "imagenet-lite", photos))
    if nets:
        rows += [
            (name, nets / f"{name}.keras", side, preset, cifar10)
            for name, side, preset in NETS
            if (nets / f"{name}.keras").exists()
        ]
    return {
        name: Subject(
            name=name,
            source=source,
            side=side,
            preset=preset,
            pictures=pictures,
            # There are photos of persons among ours, but nobody has marked them.
            has_labels=name != "vww",
        )
        for name, source, side, preset, pictures in rows
    }


def float_model(subject: Subject, folder: Path) -> tuple[Path, Path]:
    """The Keras file and the float `.tflite` of a subject, made in `folder` when missing."""
    source, path = subject.source, folder / f"{subject.name}.tflite"
    if source.suffix == ".pth":
        source = folder / f"{subject.name}.keras"
        if not source.exists():
            from efficientnet_lite0 import efficientnet_lite0

            efficientnet_lite0(subject.source).save(source)
    if not path.exists():
        convert(source, path)
    return source, path


def images_of(subject: Subject, *, quick: bool) -> Images:
    """Read and resize all that a comparison looks at.

    Args:
        subject: the model.
        quick: leave the further views out.
    """
    preprocessing = subject.preprocessing
    evaluation = open_image_set(subject.pictures.evaluation)
    originals, others, shown = [], [], []
    for number, item in enumerate(evaluation):
        picture = evaluation.load(item)
        originals.append(to_pixels(picture, preprocessing))
        if subject.pictures.has_views and not quick:
            views = [to_pixels(view, preprocessing) for view in further_views(picture)]
            others += views
            shown += [number] * len(views)
    labels = None
    if subject.has_labels and evaluation.is_labelled:
        labels = np.array(evaluation.class_indices, np.int64)
    return Images(
        pool=list(_pixels(open_image_set(subject.pictures.pool), preprocessing)),
        scored=originals + others,
        picture_of=np.array([*range(len(originals)), *shown], np.int64),
        labels=labels,
    )


def further_views(image: RgbImage) -> list[RgbImage]:
    """A photo's mirror image, and what is seen from each of its corners.

    Few photos are at hand; these are correlated, but a flip of the answer shows on any of them.
    """
    height, width = (round(CORNER * side) for side in image.shape[:2])
    corners = [image[:height, :width], image[:height, -width:]]
    corners += [image[-height:, :width], image[-height:, -width:]]
    return [np.ascontiguousarray(view) for view in (image[:, ::-1], *corners)]


def _pixels(images: ImageSet, preprocessing: ImagePreprocessing) -> Iterator[Pixels]:
    for item in images:
        yield to_pixels(images.load(item), preprocessing)
