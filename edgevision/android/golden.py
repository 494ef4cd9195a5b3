"""Golden files: photos with the tensors and answers that Python computed from them.

They travel with an exported model and prove, on the JVM and on the phone, that the app answers as
Python does. Photos are raw bytes: decoding a JPEG is not what is compared.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.android.photos import Photo
from edgevision.card.card import Card
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray

INDEX = "golden.json"
SCHEMA_VERSION = 1
TOP = 5


def write_model_goldens(
    folder: Path,
    model: bytes,
    card: Card,
    photos: tuple[Photo, ...],
    *,
    progress: Progress = silent,
) -> None:
    """Write `photos`, their input tensors and the model's real scores to `folder`.

    Scores are float32, little-endian: what the interpreter holds, dequantized.
    """
    entries = []
    with Session(model) as session:
        encode = InputEncoder(session.inputs[0], card.preprocessing)
        for index, photo in enumerate(photos):
            tensor = encode(to_pixels(photo.image, card.preprocessing))
            (values,) = session.run(tensor)
            scores = session.outputs[0].to_real(values).reshape(-1)
            write_values(folder / f"{photo.name}.rgb", photo.image)
            write_values(folder / f"{photo.name}.tensor", tensor)
            write_values(folder / f"{photo.name}.scores", scores)
            entries.append(
                {
                    "photo": f"{photo.name}.rgb",
                    "width": photo.image.shape[1],
                    "height": photo.image.shape[0],
                    "tensor": f"{photo.name}.tensor",
                    "scores": f"{photo.name}.scores",
                    "top": [
                        {"index": position, "score": float(scores[position])}
                        for position in top(scores)
                    ],
                }
            )
            progress(index + 1, len(photos), "golden photos")
        runtime = session.runtime
    document = {"schema_version": SCHEMA_VERSION, "runtime": runtime, "photos": entries}
    (folder / INDEX).write_text(json.dumps(document, indent=1) + "\n")


def top(scores: FloatArray) -> tuple[int, ...]:
    """Indices of the highest scores, highest first; of equal ones the lower index first."""
    return tuple(int(index) for index in np.argsort(-scores, kind="stable")[:TOP])


def write_values(path: Path, values: NDArray[Any]) -> None:
    """Write `values` as they lie in memory, little-endian, without any header."""
    path.write_bytes(values.astype(values.dtype.newbyteorder("<")).tobytes())
