"""The golden files under android_demo/core: every fit, colour order, rotation and camera layout.

Read by the Kotlin tests, and by test_core_goldens.py, which holds Python to them. After a change
that is meant: `python -m tests.android.core_goldens`.
"""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgevision.android.golden import INDEX, SCHEMA_VERSION, write_values
from edgevision.android.photos import draw
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import input_table, normalize
from edgevision.preprocess.pixels import to_pixels
from edgevision.serialization.encode import to_plain
from edgevision.tensors import Quantization
from tests.android.layouts import Layout, Rotation, as_stored, rotate_upright, stored_to_rgb

FOLDER = Path(__file__).resolve().parents[2] / "android_demo/core/src/test/resources/golden"

PHOTOS = {"wide": draw(1, 61, 37), "tall": draw(2, 29, 53), "tiny": draw(3, 2, 3)}

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
QUARTER_TURNS: tuple[Rotation, ...] = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to deliver a photo and to preprocess it."""

    photo: str
    layout: Layout
    preprocessing: ImagePreprocessing
    quantization: Quantization | None = None
    """Of an int8 input; None for float32."""


CASES = (
    # Plain memory, the three fits, up and down in size.
    Case(
        photo="wide",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(width=32, height=32),
    ),
    Case(
        photo="tall",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(width=41, height=67, mean=MEAN, std=STD),
    ),
    Case(
        photo="wide",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(
            width=24, height=24, fit="center-crop", crop_fraction=0.875, mean=(127.5,), std=(127.5,)
        ),
        quantization=Quantization(scale=0.007843137718737125, zero_point=-1),
    ),
    Case(
        photo="tall",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(
            width=33, height=20, fit="letterbox", pad=114, std=(255.0,)
        ),
        quantization=Quantization(scale=0.003921568859368563, zero_point=-128),
    ),
    Case(
        photo="wide",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(
            width=20, height=33, fit="letterbox", pad=7, mean=MEAN, std=STD
        ),
        quantization=Quantization(scale=0.01865844801068306, zero_point=-14),
    ),
    Case(
        photo="tiny",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(width=9, height=7),
    ),
    # Weights halfway between two steps of 1/256: ties go to the even one.
    Case(
        photo="tiny",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(width=512, height=2),
    ),
    # The photo's own size: a copy.
    Case(
        photo="wide",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(width=61, height=37),
    ),
    # Colour orders.
    Case(
        photo="wide",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(
            width=32, height=24, color="bgr", mean=(103.939, 116.779, 123.68), std=(1.0,)
        ),
    ),
    Case(
        photo="tall",
        layout=Layout(format="rgb"),
        preprocessing=ImagePreprocessing(width=28, height=28, color="gray", std=(255.0,)),
        quantization=Quantization(scale=0.00392156862745098, zero_point=-128),
    ),
    # As CameraX delivers: RGBA rows with padding, four rotations.
    *(
        Case(
            photo="wide",
            layout=Layout(format="rgba", rotation=rotation),
            preprocessing=ImagePreprocessing(
                width=32, height=24, fit="center-crop", mean=(127.5,), std=(127.5,)
            ),
            quantization=Quantization(scale=0.007843137718737125, zero_point=-1),
        )
        for rotation in QUARTER_TURNS
    ),
    Case(
        photo="tall",
        layout=Layout(format="rgba", rotation=90),
        preprocessing=ImagePreprocessing(
            width=40, height=24, fit="letterbox", pad=0, mean=MEAN, std=STD
        ),
    ),
    # YUV 4:2:0 with odd sides.
    Case(
        photo="wide",
        layout=Layout(format="yuv"),
        preprocessing=ImagePreprocessing(width=24, height=32),
    ),
    Case(
        photo="tall",
        layout=Layout(format="yuv", rotation=270),
        preprocessing=ImagePreprocessing(width=24, height=32),
    ),
)


SWEPT = 48
"""Sides 1 to this, every one resized to every other."""


def sweep() -> list[int]:
    """CRC-32 of all resizes from each side 1 to `SWEPT`, in OpenCV's own INTER_LINEAR_EXACT.

    Width and height change differently in each, so that a transposed table shows; the pixels are
    a plain generator's, which Kotlin repeats.
    """
    sums = []
    for side in range(1, SWEPT + 1):
        crc = 0
        for to in range(1, SWEPT + 1):
            other, other_to = side * 7 % SWEPT + 1, to * 11 % SWEPT + 1
            index = np.arange(side * other * 3, dtype=np.int64) + side * 1000 + to
            image = ((index * 1103515245 + 12345 >> 8) & 255).astype(np.uint8)
            resized = cv2.resize(
                image.reshape(other, side, 3), (to, other_to), interpolation=cv2.INTER_LINEAR_EXACT
            )
            crc = zlib.crc32(resized.tobytes(), crc)
        sums.append(crc)
    return sums


def write(folder: Path) -> None:
    """Write the stored photos, and what each case makes of its photo, to the empty `folder`."""
    entries: list[dict[str, Any]] = []
    for index, case in enumerate(CASES):
        stored = as_stored(PHOTOS[case.photo], case.layout)
        stored_name = f"{case.photo}_{case.layout.name}.bin"
        write_values(folder / stored_name, stored.data)
        # What the camera kept is what counts: YUV loses some of the photo.
        upright = rotate_upright(stored_to_rgb(stored), case.layout.rotation)
        pixels = to_pixels(upright, case.preprocessing)
        write_values(folder / f"case{index:02}.pixels", pixels)
        write_values(folder / f"case{index:02}.tensor", _tensor(pixels, case))
        to = case.quantization
        entries.append(
            {
                "stored": stored_name,
                "format": case.layout.format,
                "width": stored.width,
                "height": stored.height,
                "row_stride": stored.row_stride,
                "pixel_stride": stored.pixel_stride,
                "rotation": case.layout.rotation,
                "preprocess": to_plain(case.preprocessing),
                "scale": to.scale if to else None,
                "zero_point": to.zero_point if to else None,
                "pixels": f"case{index:02}.pixels",
                "tensor": f"case{index:02}.tensor",
            }
        )
    document = {"schema_version": SCHEMA_VERSION, "cases": entries, "sweep": sweep()}
    (folder / INDEX).write_text(json.dumps(document, indent=1) + "\n")


def _tensor(pixels: NDArray[np.uint8], case: Case) -> NDArray[Any]:
    if case.quantization is None:
        return normalize(pixels, case.preprocessing)
    table = input_table(case.preprocessing, case.quantization, np.dtype(np.int8))
    looked_up: NDArray[Any] = table[pixels, np.arange(case.preprocessing.channels)]
    return looked_up


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    write(FOLDER)
